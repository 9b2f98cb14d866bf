import { checkRoom, checkText, firstRefusal, newIdentifier } from "./checks.ts";
import { type Customer, Refusal, storeLimits } from "./domain.ts";
import type { Command } from "./draft.ts";

/** Somebody may order from now on; the id is the name of the account. */
export function addCustomer({ id, name, email }: Customer): Command<Customer> {
  return (draft) => {
    const own = newIdentifier(draft, "customers", id);
    if (own instanceof Refusal) return own;
    const refusal = firstRefusal(
      checkRoom(draft, "customers", storeLimits.customersMax),
      checkText("name", name),
      checkText("email", email),
    );
    return refusal ?? draft.put("customers", { id: own, name, email });
  };
}
