-- One row a unit. Orders that were called off before an item was booked have no unit and are not here.
SELECT
  items.order_id, items.order_item_id, items.product_id, items.seller_id, items.price, items.shipping_limit_date,
  orders.order_status, orders.order_purchase_timestamp, orders.order_approved_at, orders.order_delivered_carrier_date,
  orders.order_delivered_customer_date, orders.order_estimated_delivery_date,
  customers.customer_state, customers.customer_city,
  products.product_category_name,
  sellers.seller_state
FROM items
LEFT JOIN orders ON items.order_id = orders.order_id
LEFT JOIN customers ON orders.customer_id = customers.customer_id
LEFT JOIN products ON items.product_id = products.product_id
LEFT JOIN sellers ON items.seller_id = sellers.seller_id
