-- Who did what since an instant, the oldest first.
SELECT * FROM act WHERE at >= :since ORDER BY at, id
