import { createAccounts } from "../server/accounts.ts";
import {
  createAccountAuthenticator,
  createAnonymousAuthenticator,
  noAuthenticationMethods,
} from "../server/authentication.ts";
import { createDemoAccounts } from "../server/demo.ts";
import type { Authenticator } from "../server/options.ts";
import type { ServeFlags } from "./flags.ts";

/** Who may come in, as flags and configuration have it. */
export async function authenticatorOf(flags: ServeFlags): Promise<Authenticator> {
  if (flags.open) return createAnonymousAuthenticator(noAuthenticationMethods);
  const accounts = await createAccounts(flags.demo ? await createDemoAccounts() : []);
  return createAccountAuthenticator(accounts, noAuthenticationMethods);
}
