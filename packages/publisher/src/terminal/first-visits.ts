/** Says until when a copy that nobody renews lets devices in that have none yet. */
export function describeFirstVisits({ firstVisitsUntil }: { firstVisitsUntil: string }): string {
  return `New visitors are let in until ${firstVisitsUntil}; \`nearside renew\` moves that on.`;
}
