-- One row a review and order; the first item, its product and seller stand for the order.
SELECT
  reviews.review_id, reviews.order_id, reviews.review_score, reviews.review_comment_title, reviews.review_comment_message,
  reviews.review_answer_timestamp,
  orders.order_status, orders.order_purchase_timestamp, orders.order_delivered_customer_date, orders.order_estimated_delivery_date,
  customers.customer_unique_id, customers.customer_state, customers.customer_city,
  items.product_id, items.seller_id, items.price,
  products.product_category_name,
  sellers.seller_state
FROM reviews
LEFT JOIN orders ON reviews.order_id = orders.order_id
LEFT JOIN customers ON orders.customer_id = customers.customer_id
LEFT JOIN items ON reviews.order_id = items.order_id
LEFT JOIN products ON items.product_id = products.product_id
LEFT JOIN sellers ON items.seller_id = sellers.seller_id
