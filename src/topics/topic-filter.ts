import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";

/** A Topic Filter of SUBSCRIBE or UNSUBSCRIBE, taken apart (§4.7.1, §4.8.2). */
export interface ParsedTopicFilter {
  /** ShareName of a Shared Subscription; undefined for a plain one. */
  readonly shareName: string | undefined;
  /** What Topic Names are matched with: without `$share/{ShareName}/`. */
  readonly topicFilter: string;
  /** Whether it can match more than one Topic Name. */
  readonly hasWildcard: boolean;
}

const sharePrefix = "$share/";

/**
 * Takes a Topic Filter apart and checks its form (§4.7.1, §4.8.2). `$share` alone and `$sharex/…` are ordinary filters.
 * @throws ProtocolError 0x81 Malformed Packet for a misplaced wildcard or an empty filter, 0x82 for a malformed `$share`
 */
export function parseTopicFilter(topicFilter: string): ParsedTopicFilter {
  if (!topicFilter.startsWith(sharePrefix)) {
    return { shareName: undefined, topicFilter, hasWildcard: checkWildcards(topicFilter) };
  }
  const end = topicFilter.indexOf("/", sharePrefix.length);
  const shareName = topicFilter.slice(sharePrefix.length, end < 0 ? undefined : end);
  // [MQTT-4.8.2-1]
  if (shareName === "") {
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-4.8.2-1", "A ShareName has at least one character");
  }
  // [MQTT-4.8.2-2]
  if (shareName.includes("+") || shareName.includes("#")) {
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-4.8.2-2", "A ShareName has no wildcards");
  }
  const rest = end < 0 ? "" : topicFilter.slice(end + 1);
  if (rest === "") {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      "MQTT-4.8.2-2",
      "A ShareName is followed by / and a Topic Filter",
    );
  }
  return { shareName, topicFilter: rest, hasWildcard: checkWildcards(rest) };
}

/** Whether there are wildcards, each where it may stand (§4.7.1). */
function checkWildcards(topicFilter: string): boolean {
  // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]
  if (topicFilter === "") {
    throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-4.7.3-1", "A Topic Filter has at least one character");
  }
  let hasWildcard = false;
  for (let index = 0; index < topicFilter.length; index += 1) {
    const character = topicFilter[index];
    if (character !== "+" && character !== "#") continue;
    hasWildcard = true;
    const isAlone = (index === 0 || topicFilter[index - 1] === "/") && (topicFilter[index + 1] ?? "/") === "/";
    // [MQTT-4.7.1-1] [MQTT311-4.7.1-2]
    if (character === "#" && (!isAlone || index !== topicFilter.length - 1)) {
      throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-4.7.1-1", "# stands alone in the last level");
    }
    // [MQTT-4.7.1-2] [MQTT311-4.7.1-3]
    if (!isAlone) {
      throw new ProtocolError(ReasonCode.MalformedPacket, "MQTT-4.7.1-2", "+ fills a whole level");
    }
  }
  return hasWildcard;
}
