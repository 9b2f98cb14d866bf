import type { Logger } from "pino";
import { type Observation, type Said, saidOf } from "../broker/observation.ts";
import { LogBudget } from "./log-budget.ts";
import { shortText } from "./short-text.ts";

/** Writes what the broker observed to the log: what operators look for at `info`, what Clients do all day at `debug`. */
export class ObservationLog {
  readonly #log: Logger;
  readonly #budget: LogBudget;

  constructor(log: Logger) {
    this.#log = log;
    this.#budget = new LogBudget(log);
  }

  write(observation: Observation): void {
    const { kind } = observation;
    const log = this.#log;
    const sentence = sentences[kind];
    switch (kind) {
      case "connectRefused":
      case "protocolError":
        if (log.isLevelEnabled("info") && this.#budget.allows(sentence)) log.info(shortened(observation), sentence);
        return;
      case "queueOverflow":
        if (this.#budget.allows(sentence)) log.warn(shortened(observation), sentence);
        return;
      case "connected":
      case "disconnected":
      case "publishRefused":
      case "subscribeRefused":
      case "messageLost":
        if (log.isLevelEnabled("debug")) log.debug(shortened(observation), sentence);
        return;
    }
  }
}

/** Strangers choose the texts in it. */
function shortened(observation: Observation): Said<Observation> {
  const said = Object.entries(saidOf(observation));
  return Object.fromEntries(
    said.map(([key, value]) => [key, typeof value === "string" ? shortText(value) : value]),
  ) as Said<Observation>;
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
