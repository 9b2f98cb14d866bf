/** The number that somebody gave for a flag; throws an Error with a sentence when it is none above 0. */
export function positiveNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${flag} is a number above 0`);
  return value;
}
