-- Everything that usage was ever held of.
SELECT DISTINCT cluster, namespace, workload_kind, workload, labels FROM usage_group WHERE grain = 'workload'
