// What is chosen stands in the page's address, so that a screen can be started on it.

/** The value of a parameter, null where it is not there. */
export function asked(key) {
  return new URLSearchParams(location.search).get(key);
}

/** The page's address with these parameters instead; null takes one away. */
export function address(changes) {
  const all = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) value === null ? all.delete(key) : all.set(key, value);
  const text = all.toString().replaceAll("%2C", ",");
  return text ? `${location.pathname}?${text}` : location.pathname;
}

export function keep(changes) {
  history.replaceState(null, "", address(changes));
}
