import { contentFamilies } from "./content-families.ts";
import { type Group, readCorpus } from "./corpus-file.ts";
import { shapeFamilies } from "./shape-families.ts";

/** Everything that is played: what was written by hand, then the families. */
export function allGroups(): readonly Group[] {
  return [...readCorpus(), ...shapeFamilies(), ...contentFamilies()];
}
