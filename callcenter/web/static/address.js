// What is chosen stands in the page's address, so that a screen can be started on it.

/** The value of a parameter, null where it is not there. */
export function asked(key) {
  return new URLSearchParams(location.search).get(key);
}

/** All values of a parameter. */
export function askedAll(key) {
  return new URLSearchParams(location.search).getAll(key);
}

/** The page's address with these parameters instead; null takes one away, of a list each has its own. */
export function address(changes) {
  const all = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    all.delete(key);
    for (const one of [value ?? []].flat()) all.append(key, one);
  }
  const text = all.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
}

export function keep(changes) {
  history.replaceState(null, "", address(changes));
}
