import type { Refusal } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { CompiledContract } from "./compile.ts";
import type { Channel } from "./contract.ts";
import { refusal } from "./message-check.ts";
import { shown } from "./shown.ts";

/** How much of a Topic Name stands in a sentence, in characters. */
const shownMax = 100;

/** Refuses a Topic Name that no channel has, with what is wrong with it or the nearest address. */
export function unknownTopic({ contract, matcher, parameterProblem }: CompiledContract, topicName: string): Refusal {
  const loose = matcher.loose(topicName);
  const problem = loose?.values
    .map(({ name, value }) => parameterProblem(loose.channel, name, value))
    .find((each) => each !== undefined);
  if (loose !== undefined && problem !== undefined) {
    const { channel } = loose;
    return refusal(ReasonCode.TopicNameInvalid, `${problem} in ${channel.address.text}`, channel.place, channel.name);
  }
  const near = nearest(contract.channels, topicName.split("/"));
  const hint = near === undefined ? "" : `; there is ${near.address.text}`;
  return {
    reasonCode: ReasonCode.TopicNameInvalid,
    reasonString: `${shown(topicName, shownMax)} is no topic of ${contract.title}${hint}`,
    place: "",
  };
}

/** The channel with the most levels in common. Asked for every such topic, so it allocates nothing. */
function nearest(channels: readonly Channel[], levels: readonly string[]): Channel | undefined {
  let best: Channel | undefined;
  let most = 0;
  for (const channel of channels) {
    const own = channel.address.levels;
    if (Math.abs(own.length - levels.length) > 1 || own.length <= most) continue;
    let same = 0;
    for (let index = 0; index < own.length; index += 1) {
      const level = own[index]!;
      if (level.kind === "text" && level.text === levels[index]) same += 1;
    }
    if (same <= most) continue;
    best = channel;
    most = same;
  }
  return best;
}
