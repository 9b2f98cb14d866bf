import type { QoS } from "../../src/mqtt/packet-type.ts";
import type { Link } from "./link.ts";

/** One life of the process: what is durable of it. */
export interface Life {
  readonly number: number;
  readonly isDead: boolean;
  /** Number of its last durable batch. */
  readonly durable: number;
  /** When the next one was up, if it died. */
  readonly succeededAt: number;
  /** The last time that is durable in the store as a sign of life. */
  readonly aliveAt: number;
}

/** One verb into the Broker. */
export interface Step {
  /** Ascends over all lives. */
  readonly index: number;
  /** ms. */
  readonly at: number;
  readonly life: Life;
  /** The batch that keeps what it changed; 0 when that was nothing durable. */
  readonly batch: number;
}

/** What this step changed in the store died with the process. */
export function isLost(step: Step): boolean {
  return step.life.isDead && step.batch > step.life.durable;
}

/** An Application Message as its publisher knows it. */
export interface MessageRecord {
  /** Begins the payload. */
  readonly id: string;
  readonly publisher: string;
  /** Ascends per publisher. */
  readonly sequence: number;
  readonly topicName: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly payload: Buffer;
  readonly expirySeconds: number | undefined;
  /** How often its publisher sent it. */
  sent: number;
  /** The Server got its PUBLISH; more than once when it was sent again. */
  readonly handed: Step[];
  /** At QoS 2 the Server has it since this step. */
  taken: Step | undefined;
  /** The store was refusing when it was handed. */
  wasRefused: boolean;
  /** PUBACK or PUBREC said that it is the Server's now: index of the step at that time. */
  acknowledgedAt: number | undefined;
  /** Shared groups that have an acknowledgement of it. */
  readonly settledBy: Map<string, Step>;
}

/** A Subscription, from SUBSCRIBE on. */
export interface SubscriptionRecord {
  readonly session: SessionRecord;
  /** As the Client wrote it. */
  readonly topicFilter: string;
  /** What Topic Names are matched with. */
  readonly matched: string;
  readonly isShared: boolean;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly subscriptionIdentifier: number;
  /** The Server got the SUBSCRIBE. */
  begun: Step | undefined;
  /** SUBACK granted it. */
  isGranted: boolean;
  /** The Client sent the UNSUBSCRIBE, or a SUBSCRIBE that replaces it: from here on nothing is promised. */
  isGivenUp: boolean;
  /** The Server got the UNSUBSCRIBE, and UNSUBACK said so. */
  ended: Step | undefined;
  isEndConfirmed: boolean;
}

/** How a Session got a message. */
export interface DeliveryRecord {
  /** Receipts at QoS 0. */
  unacknowledged: number;
  /** Receipts at QoS 1 and 2 with DUP 0. */
  first: number;
  /** Receipts with DUP 1. */
  again: number;
  /** How often the application got it at QoS 2: each Packet Identifier once. */
  applied: number;
}

/** A Session, from the CONNECT that began it to the one that finds it gone. */
export interface SessionRecord {
  readonly client: string;
  readonly number: number;
  readonly life: Life;
  readonly begun: Step;
  readonly isDurable: boolean;
  readonly subscriptions: SubscriptionRecord[];
  readonly deliveries: Map<string, DeliveryRecord>;
}

/** A Will, sent with one CONNECT. */
export interface WillRecord {
  readonly id: string;
  readonly client: string;
  readonly topicName: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly payload: Buffer;
  readonly delaySeconds: number;
  readonly link: Link;
}

/** A time that is known to lie between two. */
export interface Window {
  readonly earliest: number;
  readonly latest: number;
}

/** Something that must not be. */
export class Violation extends Error {
  /** Names whose history tells the story: Clients, messages. */
  readonly about: readonly string[];

  constructor(sentence: string, ...about: readonly string[]) {
    super(sentence);
    this.name = "Violation";
    this.about = about;
  }
}
