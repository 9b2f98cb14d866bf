import type { Logger } from "pino";
import { type Client, type Identity, type MessageHandler, RefusedError } from "../server/in-process.ts";
import type { Server } from "../server/options.ts";

/** Who the store is to the server. No account can have this name: it has a `/`. */
export const storeIdentity: Identity = { name: "petstore/store", roles: ["service"] };

/** How long the store waits after a refusal, or before it connects again. */
export const retryMilliseconds = 1_000;

/** What a follower is made of. */
export interface FollowerOptions {
  readonly clientId: string;
  readonly sessionExpirySeconds: number;
  readonly topicFilters: readonly string[];
  readonly handler: (...message: [...Parameters<MessageHandler>, client: Client | undefined]) => void | Promise<void>;
  readonly log: Logger;
}

/** A client of the store that follows some topics at QoS 1, and connects again whenever its connection has ended. */
export class Follower {
  readonly #options: FollowerOptions;
  #client: Client | undefined = undefined;
  #retry: NodeJS.Timeout | undefined = undefined;
  #isStopped = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Subscribes; when that is not possible, or has an end, again and again. */
  async start(server: Server): Promise<void> {
    if (this.#isStopped) return;
    const { clientId, sessionExpirySeconds, topicFilters, log } = this.#options;
    const handler: MessageHandler = (message) => this.#options.handler(message, this.#client);
    try {
      const session = { clientId, principal: storeIdentity, sessionExpirySeconds };
      const client = await server.connect({ ...session, onMessage: handler });
      this.#client = client;
      const again = (): void => this.#startLater(server);
      client.closed.then(again, (error: Error) => {
        log.warn(`${clientId} has ended and comes back: ${error.message}`);
        again();
      });
      for (const topicFilter of topicFilters) {
        await client.subscribe(topicFilter, handler, { qos: 1 }).catch((error: unknown) => this.#refused(error));
      }
    } catch (error) {
      // Another error says that the server, or this client, is closed.
      if (!(error instanceof RefusedError)) return;
      this.#refused(error);
      this.#startLater(server);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(() => {});
  }

  /** By the law of somebody else: the other topics are followed all the same. */
  #refused(error: unknown): void {
    if (!(error instanceof RefusedError)) throw error;
    this.#options.log.error(`${this.#options.clientId} cannot follow its topics: ${error.message}`);
  }

  #startLater(server: Server): void {
    this.#client = undefined;
    if (this.#isStopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.start(server), retryMilliseconds);
    this.#retry.unref();
  }
}
