import { addressFilter, type Level, narrower } from "./address.ts";
import type { Channel, Parameter } from "./contract.ts";
import type { Reading } from "./reading.ts";
import type { ValueMap } from "./sources.ts";

/**
 * Two channels may share topics only where one is the narrower of the two in every level; then it decides. Everything else
 * would leave open which of them a topic belongs to.
 */
export function checkChannels(reading: Reading, document: ValueMap, channels: readonly Channel[]): void {
  const container = reading.map(document, "channels");
  for (const [index, channel] of channels.entries()) {
    const others = channels
      .slice(0, index)
      .filter((other) => narrower(channel.address, other.address) === 0 && overlap(channel, other));
    const [other] = others;
    if (other === undefined) continue;
    const more = others.length === 1 ? "" : ` (and ${others.length - 1} more)`;
    const { text } = channel.address;
    const isSame = addressFilter(channel.address) === addressFilter(other.address);
    reading.add(
      "channel-ambiguous",
      reading.map(container!, channel.name)!,
      "address",
      isSame
        ? `The channels ${other.name}${more} and ${channel.name} have the same topics, ${text}`
        : `${text} and ${other.address.text} of the channel ${other.name}${more} share topics, and neither is the narrower one`,
      isSame
        ? "Make them one channel with the messages and operations of all; an operation can name the messages it is about"
        : `Topics such as ${example(channel, other)} fit both; give one another address, or make them one channel`,
    );
  }
}

function overlap(first: Channel, second: Channel): boolean {
  const a = first.address.levels;
  const b = second.address.levels;
  if (a.length < b.length && !first.address.isOpen) return false;
  if (b.length < a.length && !second.address.isOpen) return false;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    if (!levelsOverlap(a[index]!, first.parameters, b[index]!, second.parameters)) return false;
  }
  return true;
}

type Parameters = ReadonlyMap<string, Parameter>;

function levelsOverlap(a: Level, ofA: Parameters, b: Level, ofB: Parameters): boolean {
  const valuesOfA = levelValues(a, ofA);
  const valuesOfB = levelValues(b, ofB);
  if (valuesOfA !== undefined && valuesOfB !== undefined) return valuesOfA.some((value) => valuesOfB.includes(value));
  if (valuesOfA !== undefined) return valuesOfA.some((value) => fits(b, value));
  if (valuesOfB !== undefined) return valuesOfB.some((value) => fits(a, value));
  return endsMeet(a, b);
}

/** All texts that a level can be; undefined when there is no end to them. */
function levelValues(level: Level, parameters: Parameters): readonly string[] | undefined {
  if (level.kind === "text") return [level.text];
  if (level.names.length > 1) return undefined;
  const values = parameters.get(level.names[0]!)?.values;
  return values?.map((value) => `${level.texts[0]}${value}${level.texts[1]}`);
}

function fits(level: Level, text: string): boolean {
  if (level.kind === "text") return level.text === text;
  const ends = level.texts.join("").length + level.names.length;
  return text.length >= ends && text.startsWith(level.texts[0]!) && text.endsWith(level.texts.at(-1)!);
}

/** Whether what stands at the ends of two levels with parameters can be the same. */
function endsMeet(a: Level, b: Level): boolean {
  if (a.kind === "text" || b.kind === "text") return true;
  const [startA, startB] = [a.texts[0]!, b.texts[0]!];
  const [endA, endB] = [a.texts.at(-1)!, b.texts.at(-1)!];
  return (startA.startsWith(startB) || startB.startsWith(startA)) && (endA.endsWith(endB) || endB.endsWith(endA));
}

function example(first: Channel, second: Channel): string {
  const a = addressFilter(first.address).split("/");
  const b = addressFilter(second.address).split("/");
  const longer = a.length >= b.length ? a : b;
  return longer
    .map(
      (level, index) =>
        [level, a[index], b[index]].find((each) => each !== undefined && each !== "+" && each !== "#") ?? "x",
    )
    .join("/");
}
