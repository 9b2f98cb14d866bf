import { checkCents, checkRoom, checkText, checkWhole, firstRefusal, newIdentifier, unknown } from "./checks.ts";
import { type Product, Refusal, storeLimits } from "./domain.ts";
import type { Command, Draft } from "./draft.ts";
import type { InventoryAlert } from "./events.ts";
import { inventoryAlert, stockLevel, stockRemoved } from "./happenings.ts";

/** A product that the store begins to sell. */
export interface NewProduct {
  /** One of our making when it is left out. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
  readonly reorderThreshold: number;
}

/** What may be told anew of a product; its stock changes by orders and restocking. */
export type ProductChange = {
  readonly [Name in "name" | "priceCents" | "reorderThreshold"]?: Product[Name] | undefined;
};

/** The store sells something new. */
export function addProduct({ id: wish, name, priceCents, stock, reorderThreshold }: NewProduct): Command<Product> {
  return (draft) => {
    const id = newIdentifier(draft, "products", wish);
    if (id instanceof Refusal) return id;
    const refusal = firstRefusal(
      checkRoom(draft, "products", storeLimits.productsMax),
      checkText("name", name),
      checkCents("priceCents", priceCents),
      checkWhole("stock", stock, 0, storeLimits.stockMax),
      checkWhole("reorderThreshold", reorderThreshold, 0, storeLimits.stockMax),
    );
    if (refusal !== undefined) return refusal;
    const product = draft.put("products", { id, name, priceCents, stock, reorderThreshold });
    tell(draft, product, undefined);
    return product;
  };
}

/** Another name, price or reorder threshold. */
export function changeProduct(id: string, change: ProductChange): Command<Product> {
  return (draft) => {
    const product = draft.get("products", id);
    if (product === undefined) return unknown("product", id);
    const {
      name = product.name,
      priceCents = product.priceCents,
      reorderThreshold = product.reorderThreshold,
    } = change;
    const refusal = firstRefusal(
      checkText("name", name),
      checkCents("priceCents", priceCents),
      checkWhole("reorderThreshold", reorderThreshold, 0, storeLimits.stockMax),
    );
    if (refusal !== undefined) return refusal;
    const changed = draft.put("products", { ...product, name, priceCents, reorderThreshold });
    if (reorderThreshold !== product.reorderThreshold) tell(draft, changed, product);
    return changed;
  };
}

/** More of it has come. */
export function restock(id: string, quantity: number): Command<Product> {
  return (draft) => {
    const product = draft.get("products", id);
    if (product === undefined) return unknown("product", id);
    const refusal = checkWhole("quantity", quantity, 1, storeLimits.stockMax - product.stock);
    return refusal ?? moveStock(draft, product, quantity);
  };
}

/** The store does not sell it any more. */
export function removeProduct(id: string): Command<Product> {
  return (draft) => {
    const product = draft.get("products", id);
    if (product === undefined) return unknown("product", id);
    draft.remove("products", id);
    draft.say(stockRemoved(id));
    return product;
  };
}

/** Some come or go, and who is told of it. */
export function moveStock(draft: Draft, product: Product, quantity: number): Product {
  const moved = draft.put("products", { ...product, stock: product.stock + quantity });
  tell(draft, moved, product);
  return moved;
}

function tell(draft: Draft, product: Product, previous: Product | undefined): void {
  draft.say(stockLevel(product, draft.now));
  const [level, before] = [levelOf(product), previous === undefined ? "enough" : levelOf(previous)];
  if (level !== before) draft.say(inventoryAlert(product, alertKinds[level], draft.now));
}

type Level = "enough" | "low" | "none";

const alertKinds: Readonly<Record<Level, InventoryAlert["kind"]>> = {
  enough: "RESTOCKED",
  low: "LOW_STOCK",
  none: "OUT_OF_STOCK",
};

/** A product whose threshold is 0 never is low, and without stock nobody is alarmed. */
function levelOf({ stock, reorderThreshold }: Product): Level {
  if (stock >= reorderThreshold) return "enough";
  return stock === 0 ? "none" : "low";
}
