import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";

/**
 * What a Client set on this Network Connection: Topic Alias → Topic Name (§3.3.2.3.4). It ends with the connection
 * [MQTT-3.3.2-7].
 */
export class InboundTopicAliases {
  readonly #maximum: number;
  readonly #topicNames: string[] = [];

  /** @param maximum the Topic Alias Maximum of our CONNACK */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * The Topic Name of a PUBLISH with this alias; a name that came with it is remembered.
   * @throws ProtocolError 0x94 Topic Alias invalid above the maximum, 0x82 for an alias that was never set
   */
  resolve(topicAlias: number, topicName: string): string {
    // [MQTT-3.3.2-9] [MQTT-3.2.2-17] [MQTT-3.2.2-18]
    if (topicAlias > this.#maximum) {
      throw new ProtocolError(
        ReasonCode.TopicAliasInvalid,
        "MQTT-3.3.2-9",
        `Topic Alias ${topicAlias} is above the Topic Alias Maximum of ${this.#maximum}`,
      );
    }
    // [MQTT-3.3.2-12]
    if (topicName !== "") {
      this.#topicNames[topicAlias] = topicName;
      return topicName;
    }
    const known = this.#topicNames[topicAlias];
    if (known === undefined) {
      throw new ProtocolError(
        ReasonCode.ProtocolError,
        "3.3.2.3.4",
        `Topic Alias ${topicAlias} was never set on this Network Connection`,
      );
    }
    return known;
  }
}

/**
 * What we set towards a Client that offers aliases: the first Topic Names sent get them and keep them. Never above the
 * Client's maximum [MQTT-3.1.2-26] [MQTT-3.3.2-11], never 0 [MQTT-3.3.2-8].
 */
export class OutboundTopicAliases {
  readonly #maximum: number;
  readonly #aliases = new Map<string, number>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** The alias that the Client already knows for this name. */
  known(topicName: string): number | undefined {
    return this.#aliases.get(topicName);
  }

  /** The alias that setting one for this name would take; undefined when all are taken. */
  next(): number | undefined {
    return this.#aliases.size < this.#maximum ? this.#aliases.size + 1 : undefined;
  }

  /** The name was sent together with `next()`. */
  set(topicName: string, topicAlias: number): void {
    this.#aliases.set(topicName, topicAlias);
  }
}
