import type { QoS } from "../mqtt/packet-type.ts";
import type { Address } from "./address.ts";
import type { Place } from "./finding.ts";
import type { ValueMap } from "./sources.ts";

/**
 * What we read of an AsyncAPI 3.0 document, checked: its words, but seen from the Clients. Built once, by `readContract`;
 * nothing of it is interpreted per message.
 */
export interface Contract {
  /** As people gave it. */
  readonly file: string;
  readonly title: string;
  readonly version: string;
  readonly servers: readonly ContractServer[];
  readonly channels: readonly Channel[];
  /** By name; empty when the document has no `x-roles`: then a Client's roles are scopes. */
  readonly roles: ReadonlyMap<string, Role>;
}

/** A server of the document that speaks MQTT. */
export interface ContractServer {
  readonly name: string;
  readonly protocol: "mqtt" | "mqtts" | "ws" | "wss";
  /** Stands before every topic (`mqtt`, `mqtts`) or is the path of the WebSocket; without slashes at the ends. */
  readonly pathname: string;
  readonly isSecured: boolean;
  readonly keepAliveSeconds: number | undefined;
  readonly sessionExpirySeconds: number | undefined;
  readonly packetBytesMax: number | undefined;
  /** Where Wills may go, as a Topic Filter; undefined leaves that to the channels. */
  readonly lastWillFilter: string | undefined;
  readonly place: Place;
}

/** A channel with an address. */
export interface Channel {
  readonly name: string;
  /** For people; empty without. */
  readonly title: string;
  readonly description: string;
  readonly address: Address;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly messages: readonly ChannelMessage[];
  /** What lets Clients publish: the service receives. Any one of them is enough. */
  readonly publish: readonly Operation[];
  /** What lets Clients subscribe: the service sends. */
  readonly subscribe: readonly Operation[];
  readonly place: Place;
}

/** A `{parameter}` of an address: which levels it stands for, and where a payload repeats it. */
export interface Parameter {
  readonly name: string;
  /** The only values; undefined allows all. */
  readonly values: readonly string[] | undefined;
  /** `x-schema`: a JSON Schema that the level must satisfy. */
  readonly schema: ValueMap | undefined;
  /** Where it must stand again: `location: $message.payload#/petId`. */
  readonly location: Location | undefined;
  readonly place: Place;
}

/** A runtime expression of AsyncAPI, taken apart. */
export interface Location {
  readonly source: "payload" | "header";
  readonly pointer: readonly string[];
}

/** One of the messages of a channel; a PUBLISH must be exactly one of them. */
export interface ChannelMessage {
  readonly name: string;
  /** As which it is read; where the document is silent, JSON, and text for what is a string. */
  readonly contentType: string;
  /** What the Content Type of a PUBLISH must be where it has one; undefined allows all. */
  readonly expectedContentType: string | undefined;
  /** undefined lets everything pass. */
  readonly payload: SchemaSource | undefined;
  /** User Properties, as an object of strings. */
  readonly headers: SchemaSource | undefined;
  /** The message binding: undefined allows all. */
  readonly payloadFormatIndicator: 0 | 1 | undefined;
  readonly responseTopic: string | undefined;
  readonly examples: readonly MessageExample[];
  readonly place: Place;
}

/** A schema and what it is written in. */
export interface SchemaSource {
  readonly schema: ValueMap | boolean;
  /** The component it was referred to as; empty when it stands in its place. */
  readonly name: string;
  /** undefined cannot be checked by us: Avro, Protobuf and the like. */
  readonly dialect: "draft-07" | "2020-12" | undefined;
  readonly place: Place;
}

/** An example of a message; those with a payload are checked. */
export interface MessageExample {
  readonly owner: ValueMap;
  readonly name: string;
}

/** What somebody may do on a channel, and how. */
export interface Operation {
  readonly name: string;
  /** Alternatives, any of which is enough; each asks for all of its scopes, and an empty one for somebody known. */
  readonly security: readonly (readonly string[])[];
  /** Nobody has to be known: no server of the document asks. */
  readonly isPublic: boolean;
  readonly messages: readonly ChannelMessage[];
  /** The binding's QoS; a Client that publishes below it is noted, not refused. */
  readonly qos: QoS | undefined;
  /** `x-minimum-qos`: below it is refused. */
  readonly minimumQoS: QoS;
  /** The binding's retain: false forbids RETAIN, true expects it. */
  readonly retain: boolean | undefined;
  /** The binding's messageExpiryInterval, seconds: what a PUBLISH without one gets. */
  readonly messageExpirySeconds: number | undefined;
  /** `x-wildcard: own`: a wildcard reaches only what is owned. */
  readonly wildcard: "own" | undefined;
  /** `x-enforcement: observe`: what it would refuse is counted and let through. */
  readonly isEnforced: boolean;
  readonly place: Place;
}

/** What the holders of a role may do, and what of it is theirs. */
export interface Role {
  readonly name: string;
  /** For people; empty without. */
  readonly description: string;
  readonly scopes: ReadonlySet<string>;
  /** Parameter → where the values come from that are its own. A parameter that is not here is not limited. */
  readonly own: ReadonlyMap<string, OwnTemplate>;
  readonly mayReadServerTopics: boolean;
  readonly place: Place;
}

/** Where the ids come from that belong to a Client. */
export type OwnTemplate =
  | { readonly kind: "clientId" | "userName" }
  | { readonly kind: "claim" | "certificate"; readonly name: string }
  /** Asked of whoever keeps what belongs to whom, such as the pet store. */
  | { readonly kind: "store"; readonly name: string };
