/** A promise and its two ends; the first end that is called counts. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
  isSettled(): boolean;
}

/** Makes one that is not settled. */
export function defer<Value>(): Deferred<Value> {
  let settled = false;
  let settle: { resolve: (value: Value) => void; reject: (error: unknown) => void } | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  const { resolve, reject } = settle!;
  return {
    promise,
    resolve: (value) => {
      settled = true;
      resolve(value);
    },
    reject: (error) => {
      settled = true;
      reject(error);
    },
    isSettled: () => settled,
  };
}
