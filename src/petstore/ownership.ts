import { claimsOwnership, type Ownership } from "../contract/rights.ts";
import type { State } from "./domain.ts";

/** What belongs to whom, as the store knows it; what it does not know, claims say. */
export function storeOwnership(state: Pick<State, "orders" | "payments">): Ownership {
  return {
    owns: (principal, name, id) => {
      const row = name === "orders" ? state.orders.get(id) : name === "payments" ? state.payments.get(id) : undefined;
      return row === undefined ? claimsOwnership.owns(principal, name, id) : row.customerId === principal.name;
    },
  };
}
