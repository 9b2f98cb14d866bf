import type { Message } from "../session/message.ts";
import { deliver } from "./deliver.ts";
import { retain } from "./retained.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/**
 * An Application Message that was accepted, from whoever: it is retained if it says so and brought to its subscribers.
 * `kept`: something was persisted for it already.
 */
export function publish(
  state: BrokerState,
  tenant: number,
  message: Message,
  publisher: Session | undefined,
  kept: boolean,
  now: number,
): { readonly matched: boolean; readonly kept: boolean } {
  // [MQTT-3.3.1-8]: without RETAIN nothing is stored, removed or replaced.
  const retained = message.retain && !state.refusing && retain(state, tenant, message);
  return deliver(state, tenant, message, publisher, kept || retained, now);
}
