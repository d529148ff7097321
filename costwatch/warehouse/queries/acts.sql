-- Who did what since an instant: about one alert, or (fingerprint '') about all.
SELECT * FROM act
WHERE at >= :since AND (:fingerprint = '' OR fingerprint IN (:fingerprint, ''))
ORDER BY at, id
