import type { RootProposal, SignedShare } from '../rotation/proposal.js';
import { formatCount } from './format.js';

/** Prints what a next root changes, and the signatures it has and needs. */
export function describeProposal(proposal: RootProposal): string {
  const { file, version, expires, added, removed, thresholds, complete } = proposal;
  return [
    `${file}: root version ${version}, until ${expires}`,
    ...added.map((id) => `  adds      ${id}`),
    ...removed.map((id) => `  removes   ${id}`),
    ...Object.entries(thresholds).map(([role, number]) => `  from now on ${number} sign ${role}`),
    `  signed    ${describeShare(proposal.signedByPresent, 'present')}`,
    `            ${describeShare(proposal.signedByNext, 'next')}`,
    '',
    complete
      ? `Complete. Publish it: nearside rotate-root --repo <dir> --apply ${file}`
      : `Read what it changes, then sign it where the other keys are: nearside sign-root ${file}`,
  ].join('\n');
}

function describeShare({ threshold, keyIds, missing }: SignedShare, root: string): string {
  const others = missing.length === 0 ? '' : `; not by ${missing.map(shorten).join(', ')}`;
  const demanded = `${formatCount(threshold, 'key')} that the ${root} root demands`;
  return `by ${keyIds.length} of ${demanded}${others}`;
}

function shorten(id: string): string {
  return id.slice(0, 12);
}
