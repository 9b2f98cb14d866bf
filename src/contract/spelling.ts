/** The word that somebody may have meant: two letters off at most, and less than half of it. */
export function nearestWord(word: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(word.length / 2));
  for (const each of words) {
    if (Math.abs(each.length - word.length) >= least) continue;
    const steps = distance(word.toLowerCase(), each.toLowerCase());
    if (steps >= least) continue;
    least = steps;
    best = each;
  }
  return best;
}

/** How many letters must be put in, taken out, changed, or swapped with the next one. */
function distance(first: string, second: string): number {
  let before: number[] = [];
  let row = Array.from({ length: second.length + 1 }, (_each, index) => index);
  for (let index = 1; index <= first.length; index += 1) {
    const next = [index];
    for (let at = 1; at <= second.length; at += 1) {
      const same = first[index - 1] === second[at - 1];
      let steps = Math.min(next[at - 1]! + 1, row[at]! + 1, row[at - 1]! + (same ? 0 : 1));
      const isSwapped = first[index - 1] === second[at - 2] && first[index - 2] === second[at - 1];
      if (isSwapped) steps = Math.min(steps, before[at - 2]! + 1);
      next.push(steps);
    }
    before = row;
    row = next;
  }
  return row.at(-1)!;
}
