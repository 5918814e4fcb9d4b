import type { EcommerceItem, Tracker } from "./tracker";
import { track } from "./transport";
import { query, text, type Values } from "./util";

/** The next page view is of a product, or of a category when there is no SKU. */
export const setView = (tracker: Tracker, sku: unknown, name: unknown, category: unknown, price: unknown): void => {
  const view: Values = {
    _pks: sku || "",
    _pkn: name || "",
    _pkc: Array.isArray(category) ? JSON.stringify(category) : category || "",
  };
  if (text(price)) {
    view._pkp = price;
  }
  tracker.productView_ = view;
};

export const addItem = (
  tracker: Tracker,
  sku: unknown,
  name?: unknown,
  category?: unknown,
  price?: unknown,
  quantity?: unknown,
): void => {
  if (text(sku)) {
    tracker.items_[text(sku)] = [text(sku), text(name), category || "", price || 0, quantity || 1];
  }
};

/** A copy: what a page does with it does not change what is tracked. */
export const getItems = (tracker: Tracker): Record<string, EcommerceItem> => {
  const copy: Record<string, EcommerceItem> = {};
  for (const sku of Object.keys(tracker.items_)) {
    copy[sku] = (tracker.items_[sku] as EcommerceItem).slice() as EcommerceItem;
  }
  return copy;
};

const trackEcommerce = (tracker: Tracker, values: Values, customData?: unknown): void => {
  const items = Object.keys(tracker.items_).map((sku) => tracker.items_[sku]);
  track(
    tracker,
    query(Object.assign({ idgoal: 0 }, values, { ec_items: JSON.stringify(items) })),
    "ecommerce",
    customData,
  );
};

export const trackOrder = (
  tracker: Tracker,
  orderId: unknown,
  total: unknown,
  subTotal?: unknown,
  tax?: unknown,
  shipping?: unknown,
  discount?: unknown,
  customData?: unknown,
): void => {
  // Only a complete order can be told from a cart.
  if (!text(orderId) || !text(total)) {
    return;
  }
  trackEcommerce(
    tracker,
    { ec_id: orderId, revenue: total, ec_st: subTotal, ec_tx: tax, ec_sh: shipping, ec_dt: discount || "" },
    customData,
  );
  tracker.items_ = {};
};

export const trackCart = (tracker: Tracker, total: unknown): void => {
  if (text(total)) {
    trackEcommerce(tracker, { revenue: total });
  }
};
