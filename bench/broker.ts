import type { GeneratorOptions } from "./load/generator.ts";

/** 4 is MQTT 3.1.1, 5 is MQTT 5.0: the protocol's own numbers (§3.1.2.2). */
export type ProtocolVersion = 4 | 5;

/** Where a broker keeps its state. */
export type StoreKind = "memory" | "disk";

/** What a broker is set up to do besides passing messages on. */
export interface Setup {
  readonly store: StoreKind;
  /** Accounts with hashed passwords, and rules that say who may use which topic. */
  readonly hasAccounts: boolean;
  /** TLS 1.3; our broker has it only together with accounts. */
  readonly isSecure: boolean;
  /** The pet store's contract in the place of the rules. */
  readonly hasContract: boolean;
}

/** Nothing but passing messages on. */
export const plainSetup: Setup = { store: "memory", hasAccounts: false, isSecure: false, hasContract: false };

/** Whom publishers and subscribers come as where there are accounts; `{n}` is their number. */
export interface Users {
  readonly publisher: string;
  readonly subscriber: string;
}

/** A broker that was started for one run. */
export interface RunningBroker {
  readonly pid: number;
  readonly port: number;
  /** What the generator must know to get in. */
  readonly options: GeneratorOptions;
  stop(): Promise<void>;
}

/** A broker that can be measured. */
export interface Broker {
  readonly name: string;
  readonly release: string;
  readonly versions: readonly ProtocolVersion[];
  start(users: Users): Promise<RunningBroker>;
}
