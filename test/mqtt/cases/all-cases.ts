import type { BadCase, Case, GoodCase } from "./case.ts";
import { authCases, disconnectCases, pingCases } from "./closing-cases.ts";
import { connackCases, connectCases } from "./connect-cases.ts";
import { acknowledgementCases, publishCases } from "./publish-cases.ts";
import { subackCases, subscribeCases, unsubackCases, unsubscribeCases } from "./subscribe-cases.ts";

const allCases: readonly Case[] = [
  ...connectCases,
  ...connackCases,
  ...publishCases,
  ...acknowledgementCases,
  ...subscribeCases,
  ...subackCases,
  ...unsubscribeCases,
  ...unsubackCases,
  ...pingCases,
  ...disconnectCases,
  ...authCases,
];

/** Bytes and packets that belong together, in the order of the specification. */
export const goodCases: readonly GoodCase[] = allCases.filter((each) => "packet" in each);

/** Bytes that are refused. */
export const badCases: readonly BadCase[] = allCases.filter((each) => "reasonCode" in each);
