#!/usr/bin/env python3
"""Writes examples/shop: five customers' files of a shop's events, the same at every run."""

import json
import pathlib
import random

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "examples" / "shop"
ITEMS = [
    ("espresso-cup", "Espresso cup, 80 ml", 9.5),
    ("teapot", 'Teapot "Kyōto", 1.2 l', 48.0),
    ("grinder", "Grinder, hand-driven", 119.9),
    ("filter-100", "Filters, 100 pieces", 4.25),
    ("beans-1kg", "Beans, 1 kg", 21.0),
    ("kettle", "Kettle, gooseneck", 64.0),
]
CITIES = ["Lisbon", "Zürich", "Kraków", "Reykjavík", "東京"]


def event(chance, customer, number):
    kind = chance.choices(["view", "cart", "order", "payment", "return"], [50, 20, 15, 12, 3])[0]
    sku, title, price = chance.choice(ITEMS)
    data = {"event": kind, "at": f"2026-03-{1 + number % 28:02}T{chance.randrange(24):02}:{chance.randrange(60):02}:00Z"}
    if kind in ("view", "cart"):
        data |= {"sku": sku, "title": title}
    if kind == "cart":
        data |= {"quantity": chance.randint(1, 4)}
    if kind == "order":
        quantity = chance.randint(1, 3)
        data |= {
            "order": f"{customer}-{number:05}",
            "items": [{"sku": sku, "quantity": quantity, "price": price}],
            "ship_to": {"city": chance.choice(CITIES), "gift": chance.random() < 0.2},
        }
    if kind == "payment":
        data |= {"amount": round(price * chance.randint(1, 3), 2), "currency": "EUR", "card": chance.random() < 0.8}
    if kind == "return":
        data |= {"sku": sku, "reason": chance.choice(["broken", "too small", None])}
    return {"wid": f"{number:04}", "ut_id": f"u{customer}{chance.randrange(10)}", "json_data": data}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for customer, rows in ((1, 100), (2, 84), (3, 120), (4, 60), (5, 72)):
        chance = random.Random(customer)
        lines = [
            json.dumps(event(chance, customer, number), ensure_ascii=False, separators=(",", ":"))
            for number in range(1, rows + 1)
        ]
        if customer == 4:  # what happens in practice: a cut line, and two lines glued together
            lines[17] = lines[17][:41]
            lines[42] = lines[42] + lines[43]
            del lines[43]
        (FOLDER / f"id-{customer}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
