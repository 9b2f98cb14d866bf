import type { Logger } from "pino";
import type { Observation } from "../broker/observation.ts";

/** Writes what the broker observed to the log: what operators look for at `info`, what Clients do all day at `debug`. */
export function logObservation(log: Logger, observation: Observation): void {
  const { kind, ...details } = observation;
  switch (kind) {
    case "connectRefused":
    case "protocolError":
      log.info(details, sentences[kind]);
      return;
    case "queueOverflow":
      log.warn(details, sentences[kind]);
      return;
    case "connected":
    case "disconnected":
    case "publishRefused":
    case "subscribeRefused":
      log.debug(details, sentences[kind]);
      return;
  }
}

const sentences: Readonly<Record<Observation["kind"], string>> = {
  connected: "connected",
  connectRefused: "a connection was refused",
  disconnected: "disconnected",
  publishRefused: "a message was refused",
  subscribeRefused: "a subscription was refused",
  queueOverflow: "a queue is full; its oldest messages are dropped",
  protocolError: "a client broke the protocol",
};
