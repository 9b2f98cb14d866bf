import type { Logger } from "pino";
import { type Observation, saidOf } from "../broker/observation.ts";

/** Writes what the broker observed to the log: what operators look for at `info`, what Clients do all day at `debug`. */
export function logObservation(log: Logger, observation: Observation): void {
  const { kind } = observation;
  switch (kind) {
    case "connectRefused":
    case "protocolError":
      log.info(saidOf(observation), sentences[kind]);
      return;
    case "queueOverflow":
      log.warn(saidOf(observation), sentences[kind]);
      return;
    case "connected":
    case "disconnected":
    case "publishRefused":
    case "subscribeRefused":
    case "messageLost":
      if (log.isLevelEnabled("debug")) log.debug(saidOf(observation), sentences[kind]);
      return;
  }
}

const sentences: Readonly<Record<Observation["kind"], string>> = {
  connected: "connected",
  connectRefused: "a connection was refused",
  disconnected: "disconnected",
  publishRefused: "a message was refused",
  subscribeRefused: "a subscription was refused",
  messageLost: "a message that waited does not come",
  queueOverflow: "a queue is full; its oldest messages are dropped",
  protocolError: "a client broke the protocol",
};
