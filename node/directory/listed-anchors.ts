/** CAs that a version of the directory lists: the federation's own, and others' for seals alone. Pure. */
import { type AnchorFacts, REGISTRY_GROUP } from './entries.ts';
import type { GroupView } from './group-view.ts';

/** By use (ANCHOR_USE), in the order of their fingerprints. */
export const listedAnchors = (groups: ReadonlyMap<string, GroupView>, use: number): AnchorFacts[] =>
  [...(groups.get(REGISTRY_GROUP)?.anchors.values() ?? [])].filter((anchor) => anchor.use === use);
