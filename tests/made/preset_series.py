"""For each preset that is verified: series that hold what its caveat says, and what the day comes to.

Values come from seeded arrays; the sums are numpy's, by ``promql_by_hand``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.made.kubernetes_told import MIDNIGHT, Told
from tests.made.promql_by_hand import Array, added, by_hour, hourly, increases, seen

MINUTE, TWO, FIVE = 60, 120, 300


@dataclass
class Case:
    """A system for a day. told: what it tells. hours: what is expected, by labels and hour."""

    random: np.random.Generator
    told: list[Told] = field(default_factory=list)
    hours: dict[tuple[str, ...], Array] = field(default_factory=dict)

    def tell(self, name: str, values: Array, every: int, /, **labels: str) -> Array:
        """One series; gives its values back."""
        samples = {MIDNIGHT + n * every: float(value) for n, value in enumerate(values) if value == value}
        self.told.append((name, labels, samples))
        return values

    def tell_nan(self, name: str, every: int, /, **labels: str) -> None:
        """One whose samples are NaN."""
        self.told.append((name, labels, {MIDNIGHT + n * every: float("nan") for n in range(86_400 // every)}))

    def expect(self, hours: Array, *labels: str) -> None:
        """Hours that count to a set of labels; nan is nothing."""
        sofar = self.hours.get(labels, np.full(24, np.nan))
        both = np.where(
            np.isnan(sofar) & np.isnan(hours), np.nan, np.nan_to_num(sofar) + np.nan_to_num(hours)
        )
        self.hours[labels] = both

    def counter(self, every: int, rate: float = 1.0, start: float = 0.0) -> Array:
        """One that grows."""
        grown = self.random.gamma(2.0, rate / 2, 86_400 // every) * every
        return start + np.concatenate([[0.0], np.cumsum(grown)])

    def restarted(self, values: Array, share: float) -> Array:
        """The same, from zero on after a share of the day."""
        at = int(len(values) * share)
        return np.concatenate([values[:at], values[at:] - values[at]])

    def gauge(self, every: int, low: float, high: float) -> Array:
        return self.random.uniform(low, high, 86_400 // every + 1)

    @property
    def values(self) -> dict[tuple[str, ...], float]:
        return {labels: added(hours) for labels, hours in self.hours.items()}

    @property
    def coverage(self) -> float:
        """The share of hours in which anything is known."""
        return float((~np.isnan(np.stack([*self.hours.values()]))).any(axis=0).mean())


def counted(case: Case, name: str, labels: Sequence[Mapping[str, str]], by: Sequence[str]) -> None:
    """Counters that simply add up, every other one restarted in the day."""
    for number, each in enumerate(labels):
        values = case.counter(TWO, 3.0 + number, start=1000.0 * number)
        values = case.restarted(values, 0.37) if number % 2 else values
        case.expect(increases(case.tell(name, values, TWO, **each), TWO), *(each[label] for label in by))


def mysql_time(case: Case) -> None:
    name = "mysql_perf_schema_events_statements_seconds_total"
    for schema, digest in (("risk", "a"), ("risk", "b"), ("payments", "c"), ("NONE", "d"), ("mysql", "e")):
        values = case.counter(TWO, start=50.0)
        values = case.restarted(values, 0.61) if digest == "b" else values
        case.tell(name, values, TWO, schema=schema, digest=digest)
        if schema != "mysql":
            case.expect(increases(values, TWO), schema)
    small = case.counter(TWO, 0.01)
    small[100:400] = np.nan  # not among the top 250 for ten hours, cut within an hour
    case.expect(increases(case.tell(name, small, TWO, schema="small", digest="f"), TWO), "small")


def mysql_space(case: Case) -> None:
    for table in ("a", "b"):
        for component in ("data_length", "index_length", "data_free"):
            values = case.gauge(FIVE, 1e9, 2e9)
            values[: 100 if table == "b" else 0] = np.nan  # made in the morning
            labels = {"schema": "risk", "table": table, "component": component}
            case.tell("mysql_info_schema_table_size", values, FIVE, **labels)
            if component != "data_free":
                case.expect(hourly(values, FIVE, "mean"), "risk")


def rds_load(case: Case) -> None:
    for instance, first in (("db-1", 30), ("db-2", 150)):
        values = case.gauge(FIVE, 0.1, 1.5)
        values[:first] = np.nan  # no load, and so no value; which is not 0
        name = "aws_rds_dbload_relative_to_num_vcpus_average"
        case.tell(name, values, FIVE, dimension_DBInstanceIdentifier=instance)
        case.expect(hourly(values, FIVE, "mean"), instance)


def dynamodb(case: Case) -> None:
    for table, writes in (("orders", True), ("flags", False)):
        read = case.gauge(FIVE, 0, 9000)
        case.tell("aws_dynamodb_consumed_read_capacity_units_sum", read, FIVE, dimension_TableName=table)
        case.expect(hourly(read, FIVE, "sum"), table)
        if writes:
            write = case.gauge(FIVE, 0, 900)
            case.tell(
                "aws_dynamodb_consumed_write_capacity_units_sum", write, FIVE, dimension_TableName=table
            )
            case.expect(5 * hourly(write, FIVE, "sum"), table)


def redis_memory(case: Case) -> None:
    for group, db in (("session", "db0"), ("session", "db1"), ("unclassified", "db0")):
        values = case.gauge(FIVE, 1e6, 2e6)
        case.tell("redis_key_group_memory_usage_bytes", values, FIVE, key_group=group, db=db)
        case.expect(hourly(values, FIVE, "mean"), group)


def kafka_consumed(case: Case) -> None:
    offsets = {part: np.floor(case.counter(MINUTE, 40, start=1e6)) for part in ("0", "1", "2", "3")}
    offsets["1"][:500] = -1  # nothing was committed yet
    offsets["1"][900:930] = -1  # nor is anything known any more
    offsets["2"][700:] -= 90_000  # set back
    offsets["3"][300:302] = np.nan  # not scraped
    for part, values in offsets.items():
        labels = {"consumergroup": "fs" if part < "3" else "audit", "topic": "t", "partition": part}
        case.tell("kafka_consumergroup_current_offset", values, MINUTE, **labels)
        known = seen(values, MINUTE)
        known[known < 0] = np.nan
        grown = np.concatenate([[np.nan], np.clip(np.diff(known), 0, None)])
        case.expect(summed_where_known(grown), labels["consumergroup"])


def kafka_bytes_in(case: Case) -> None:
    name = "kafka_server_BrokerTopicMetrics_Count"
    total = np.zeros(86_400 // TWO + 1)
    for topic, broker in (("orders", "1"), ("orders", "2"), ("clicks", "1")):
        values = case.counter(TWO, 5000)
        total += values
        case.tell(name, values, TWO, name="BytesInPerSec", topic=topic, broker=broker)
        case.tell(name, case.counter(TWO, 9000), TWO, name="BytesOutPerSec", topic=topic, broker=broker)
        case.expect(increases(values, TWO), topic)
    case.tell(name, total, TWO, name="BytesInPerSec", topic="", broker="1")


def kafka_lag(case: Case) -> None:
    lags = [case.gauge(MINUTE, 0, 12_000) for _ in range(2)]
    lags[1][200:600] = -1
    for part, values in enumerate(lags):
        labels = {"consumergroup": "fs", "topic": "t", "partition": str(part)}
        case.tell("kafka_consumergroup_lag", values, MINUTE, **labels)
    both = sum(np.clip(values, 0, None) for values in lags)
    case.expect(by_hour(both > 10_000).sum(axis=1) * 60.0, "fs", "t")
    case.tell(
        "kafka_consumergroup_lag", np.full(1441, -1.0), MINUTE, consumergroup="new", topic="t", partition="0"
    )


def flink_busy(case: Case) -> None:
    name = "flink_taskmanager_job_task_busyTimeMsPerSecond"
    for job, task in (("features", "a"), ("features", "b"), ("audit", "a")):
        values = case.gauge(MINUTE, 0, 1000)
        values[1000:] = np.nan if job == "audit" else values[1000:]  # ended
        case.tell(name, values, MINUTE, job_name=job, task_name=task)
        case.expect(summed_where_known(seen(values, MINUTE)) * 60 / 1000, job)
    case.tell_nan(name, MINUTE, job_name="features", task_name="old source")


def flink_lag(case: Case) -> None:
    lags = [case.gauge(MINUTE, 0, 90_000) for _ in range(2)]
    for subtask, values in enumerate(lags):
        name = "flink_taskmanager_job_task_operator_currentEmitEventTimeLag"
        case.tell(name, values, MINUTE, job_name="features", subtask_index=str(subtask))
    case.expect(by_hour(np.maximum(*lags) > 60_000).sum(axis=1) * 60.0, "features")


def feast_fresh(case: Case) -> None:
    age = np.arange(1441) * 60.0 % 5400  # materialised each hour and a half
    case.tell("feast_feature_freshness_seconds", age, MINUTE, project="p", feature_view="user")
    case.expect(by_hour(age > 1800).sum(axis=1) * 60.0, "p", "user")


def feast_latency(case: Case) -> None:
    name = "feast_feature_server_request_latency_seconds"
    for endpoint, features in (
        ("/get-online-features", "10"),
        ("/get-online-features", "20"),
        ("/push", "10"),
    ):
        labels = {"endpoint": endpoint, "feature_count": features, "view_count": "1"}
        quick, slow = case.counter(TWO, 5), case.counter(TWO, 1)
        case.tell(f"{name}_bucket", quick, TWO, **labels, le="0.1")
        case.tell(f"{name}_bucket", quick + slow / 2, TWO, **labels, le="0.5")
        case.tell(f"{name}_count", quick + slow, TWO, **labels)
        if endpoint != "/push":
            case.expect(increases(quick + slow, TWO) - increases(quick, TWO))


def triton_gpu(case: Case) -> None:
    """What a batch takes is counted for each request in it; batches of an hour are alike."""
    for model in ("uw", "fraud"):
        executions = case.random.integers(0, 40, 720)
        executions[: 120 if model == "fraud" else 0] = 0  # not asked at night
        batch = np.repeat(case.random.integers(1, 9, 24), 30)
        took = np.repeat(case.random.uniform(2e3, 9e3, 24), 30)  # microseconds, each batch of an hour
        labels = {"model": model, "version": "1", "gpu_uuid": "GPU-0"}
        for what, grown in (
            ("exec_count", executions),
            ("request_success", executions * batch),
            ("compute_infer_duration_us", executions * batch * took),
        ):
            values = np.concatenate([[0.0], np.cumsum(grown)])
            case.tell(f"nv_inference_{what}", values, TWO, **labels)
        computed = (executions * took).reshape(24, 30).sum(axis=1) / 1e6
        case.expect(np.where(computed > 0, computed, np.nan), model)


def vllm_tokens(case: Case) -> None:
    for model, engine in (("q", "0"), ("q", "1"), ("m", "0")):
        for what, times in (("prompt", 1), ("generation", 4)):
            values = case.restarted(case.counter(TWO, 50), 0.5)
            case.tell(f"vllm:{what}_tokens_total", values, TWO, model_name=model, engine=engine)
            case.expect(times * increases(values, TWO), model)


def bentoml(case: Case) -> None:
    for code in ("200", "204", "500"):
        values = case.counter(TWO)
        labels = {"service_name": "uw", "endpoint": "/predict", "http_response_code": code}
        case.tell("bentoml_service_request_total", values, TWO, **labels)
        if code != "500":
            case.expect(increases(values, TWO), "uw", "/predict")


def sagemaker(case: Case) -> None:
    for variant in ("AllTraffic", "challenger"):
        values = np.floor(case.gauge(FIVE, 0, 900))
        values[50:90] = np.nan if variant == "challenger" else values[50:90]
        labels = {"dimension_EndpointName": "uw", "dimension_VariantName": variant}
        case.tell("aws_sagemaker_invocations_sum", values, FIVE, **labels)
        case.expect(hourly(values, FIVE, "sum"), "uw", variant)


def training_gpu_hours(case: Case) -> None:
    """Two kube-state-metrics tell the same; what waits, or is done, holds no GPU."""
    for pod, gpus, first, after in (("train-1", 8, 12, 200), ("train-2", 2, 0, 289), ("done", 4, 0, 0)):
        running = np.zeros(289)
        running[first:after] = 1
        for instance in ("ksm-0", "ksm-1"):
            labels = {"namespace": "ml", "pod": pod, "instance": instance}
            for phase, values in (("Running", running), ("Succeeded", 1 - running)):
                case.tell("kube_pod_status_phase", values, FIVE, **labels, phase=phase)
            for resource, amount in (("nvidia_com_gpu", gpus), ("cpu", 16)):
                name = "kube_pod_container_resource_requests"
                asked = np.full(289, float(amount))
                case.tell(name, asked, FIVE, **labels, container="c", resource=resource)
        case.expect(by_hour(running * gpus).sum(axis=1) / 12, "ml")


def gpu_idle(case: Case) -> None:
    for gpu in ("0", "1"):
        values = case.gauge(MINUTE, 0, 1.05)  # a little more than all is told now and then
        labels = {"exported_namespace": "ml", "exported_pod": "train-1", "gpu": gpu}
        case.tell("DCGM_FI_PROF_GR_ENGINE_ACTIVE", values, MINUTE, **labels)
        case.expect(by_hour(1 - np.minimum(values, 1)).sum(axis=1) / 60, "ml", "train-1")
    case.tell("DCGM_FI_PROF_GR_ENGINE_ACTIVE", case.gauge(MINUTE, 0, 1), MINUTE, exported_pod="", gpu="2")


def flag_evals(case: Case) -> None:
    """SDKs report what they counted in a minute, late and at once."""
    for toggle, active in (("x", "true"), ("x", "false"), ("y", "false")):
        batches = np.repeat(np.cumsum(case.random.integers(0, 500, 145)), 5)[:721].astype(float)
        case.tell(
            "feature_toggle_usage_total", batches, TWO, toggle=toggle, active=active, appName="checkout"
        )
        case.expect(increases(batches, TWO), "checkout")


def flagsmith(case: Case) -> None:
    for route in ("/api/v1/flags/", "/api/v1/identities/", "/health"):
        values = case.counter(TWO)
        case.tell("flagsmith_http_server_requests_total", values, TWO, route=route, method="GET")
        if route != "/health":
            case.expect(increases(values, TWO), route)


def istio_requests(case: Case) -> None:
    for workload in ("checkout", "unknown"):
        for reporter in ("source", "destination"):
            values = case.counter(TWO)
            labels = {"source_workload_namespace": "shop", "source_workload": workload, "reporter": reporter}
            case.tell("istio_requests_total", values, TWO, **labels, response_code="200")
            if reporter == "destination":
                case.expect(increases(values, TWO), "shop", workload)


def nat_bytes(case: Case) -> None:
    for way in ("out_to_destination", "in_from_destination", "out_to_source"):
        values = case.gauge(FIVE, 0, 1e9)
        case.tell(f"aws_natgateway_bytes_{way}_sum", values, FIVE, dimension_NatGatewayId="nat-1")
        if way != "out_to_source":
            case.expect(hourly(values, FIVE, "sum"), "nat-1")


def pod_traffic(case: Case) -> None:
    for way in ("transmit", "receive"):
        name = f"container_network_{way}_bytes_total"
        for namespace in ("shop", "ml", ""):
            values = case.counter(TWO, 1e5)
            case.tell(name, values, TWO, namespace=namespace, pod="p", interface="eth0")
            if namespace:
                case.expect(increases(values, TWO), namespace)


def simply(name: str, by: str, *labels: Mapping[str, str]) -> Callable[[Case], None]:
    return lambda case: counted(case, name, labels, by.split())


CASES: dict[str, Callable[[Case], None]] = {
    each.__name__: each
    for each in (
        *(mysql_time, mysql_space, rds_load, dynamodb, redis_memory, kafka_consumed, kafka_bytes_in),
        *(kafka_lag, flink_busy, flink_lag, feast_fresh, feast_latency, triton_gpu, vllm_tokens, bentoml),
        *(sagemaker, training_gpu_hours, gpu_idle, flag_evals, flagsmith, istio_requests, nat_bytes),
        pod_traffic,
    )
} | {
    "feast_values": simply(
        "feast_online_features_status_total",
        "feature_view",
        {"feature_view": "user", "status": "present"},
        {"feature_view": "user", "status": "not_found"},
        {"feature_view": "merchant", "status": "present"},
    ),
    "kserve_model_seconds": simply(
        "request_predict_seconds_sum",
        "model_name",
        {"model_name": "uw", "pod": "uw-1"},
        {"model_name": "uw", "pod": "uw-2"},
    ),
    "seldon": simply(
        "seldon_model_infer_seconds_total",
        "model",
        {"model": "uw", "model_internal": "uw_1"},
        {"model": "uw", "model_internal": "uw_2"},
        {"model": "challenger", "model_internal": "challenger_1"},
    ),
    "ray_serve": simply(
        "ray_serve_deployment_request_counter_total",
        "application deployment",
        {"application": "app", "deployment": "uw", "replica": "1"},
        {"application": "app", "deployment": "uw", "replica": "2"},
    ),
    "envoy_requests": simply(
        "envoy_cluster_upstream_rq_total",
        "namespace",
        {"envoy_cluster_name": "feature-store", "namespace": "shop"},
        {"envoy_cluster_name": "feature-store", "namespace": "ml"},
    ),
    "grpc_requests": simply(
        "grpc_client_handled_total",
        "namespace",
        {"grpc_service": "fs.FeatureStore", "grpc_code": "OK", "namespace": "shop"},
        {"grpc_service": "fs.FeatureStore", "grpc_code": "Unavailable", "namespace": "shop"},
    ),
}


def made(name: str) -> Case:
    """The case of a preset; its arrays are the same each time."""
    case = Case(np.random.default_rng(sum(map(ord, name))))
    CASES[name](case)
    return case


def summed_where_known(steps: Array) -> Array:
    """The sum of each hour's steps; nan where none is known."""
    hours = by_hour(steps)
    return np.where(np.isnan(hours).all(axis=1), np.nan, np.nansum(hours, axis=1))
