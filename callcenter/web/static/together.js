// The figures of some queues together, from those of each. Pure: the formulas are those of kpi/, over the same counts.

const add = (rows, of) => rows.reduce((sum, row) => sum + (of(row) ?? 0), 0);
const ratio = (part, whole) => (whole > 0 ? part / whole : null);
const decided = (row) => (row.offered ?? 0) - (row.short_abandoned ?? 0);

/** What the summary shows of them; null where there is nothing to divide by. */
export function together(rows) {
  const answered = add(rows, (row) => row.answered), offered = add(rows, (row) => row.offered), whole = add(rows, decided);
  return {
    answered, offered,
    service_level: ratio(add(rows, (row) => (row.service_level ?? 0) * decided(row)), whole),
    abandon_rate: ratio(add(rows, (row) => (row.abandoned ?? 0) - (row.short_abandoned ?? 0)), whole),
    average_speed_of_answer: ratio(add(rows, (row) => (row.average_speed_of_answer ?? 0) * (row.answered ?? 0)), answered),
  };
}

/** The board with only these queues, who serves them, and what is wrong in them. */
export function narrowed(board, names) {
  if (names === null) return board;
  const chosen = new Set(names);
  const figures = Object.fromEntries(Object.entries(board.figures).map(([window, of]) => {
    const kept = Object.fromEntries(Object.entries(of).filter(([name]) => chosen.has(name)));
    return [window, { ...kept, "": together(Object.values(kept)) }];
  }));
  return {
    ...board, figures,
    queues: board.queues.filter((queue) => chosen.has(queue.name)),
    agents: board.agents.filter((agent) => agent.queues.some((name) => chosen.has(name))),
    alerts: board.alerts.filter((alert) => chosen.has(alert.queue)),
  };
}
