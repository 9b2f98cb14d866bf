import { textLength } from "../mqtt/writer.ts";

/** What bounds Topic Names and Topic Filters. */
export interface TopicLimits {
  readonly topicLevelsMax: number;
  /** In UTF-8. */
  readonly topicBytesMax: number;
}

/** The most UTF-8 bytes that one UTF-16 unit can take: below a third of the limit nothing need be counted. */
const bytesPerUnitMax = 3;

/** How many topic levels there are: one more than slashes (§4.7.1.1). */
export function levelCount(topic: string): number {
  let levels = 1;
  for (let index = topic.indexOf("/"); index >= 0; index = topic.indexOf("/", index + 1)) levels += 1;
  return levels;
}

/**
 * Why this is no Topic Name that we take (§4.7), as a sentence; undefined for a good one. Leads to 0x90 Topic Name
 * invalid.
 */
export function topicNameProblem(topicName: string, limits: TopicLimits): string | undefined {
  // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
  if (topicName === "") return "A Topic Name has at least one character";
  // [MQTT-4.7.0-1] [MQTT-3.3.2-2] [MQTT311-4.7.1-1]
  if (topicName.includes("+") || topicName.includes("#")) return "A Topic Name has no wildcards";
  return topicSizeProblem(topicName, limits);
}

/** Why a Topic Name or Topic Filter is too deep or too long for us; undefined when it is neither. */
export function topicSizeProblem(topic: string, limits: TopicLimits): string | undefined {
  const { topicBytesMax, topicLevelsMax } = limits;
  // [MQTT-4.7.3-3] [MQTT311-4.7.3-3]
  if (topic.length * bytesPerUnitMax > topicBytesMax && textLength(topic) > topicBytesMax) {
    return `Longer than ${topicBytesMax} bytes (topicBytesMax)`;
  }
  // A text has fewer levels than characters and one, so short ones need no counting.
  if (topic.length >= topicLevelsMax && levelCount(topic) > topicLevelsMax) {
    return `More than ${topicLevelsMax} levels (topicLevelsMax)`;
  }
  return undefined;
}
