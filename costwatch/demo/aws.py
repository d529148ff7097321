"""What AWS sells: the usage types that the made-up company uses, and its commitment discounts."""

from dataclasses import dataclass

DYNAMODB = "Amazon DynamoDB"
EC2 = "Amazon Elastic Compute Cloud"
RDS = "Amazon Relational Database Service"
S3 = "Amazon Simple Storage Service"
SAGEMAKER = "Amazon SageMaker"
SUPPORT = "AWS Support (Enterprise)"
VPC = "Amazon Virtual Private Cloud"


@dataclass(frozen=True, slots=True)
class Meter:
    """One usage type of one AWS service; ``price`` in dollars per ``unit``; ``resource``: how ids look.

    ``category`` is FOCUS' ServiceCategory; ``charge`` its ChargeCategory.
    """

    service: str
    category: str
    usage_type: str
    unit: str
    price: float
    resource: str
    charge: str = "Usage"


def _arn(service: str, kind: str) -> str:
    return f"arn:aws:{service}:{{region}}:{{account}}:{kind}{{name}}"


METERS = {
    "node": Meter(EC2, "Compute", "BoxUsage:m7i.4xlarge", "Hours", 0.8064, "i-{hex}"),
    "large-node": Meter(EC2, "Compute", "BoxUsage:m7i.12xlarge", "Hours", 2.4192, "i-{hex}"),
    "gpu": Meter(EC2, "Compute", "BoxUsage:g6e.12xlarge", "Hours", 10.49264, "i-{hex}"),
    "spot": Meter(EC2, "Compute", "SpotUsage:p4d.24xlarge", "Hours", 11.5714, "i-{hex}"),
    "disk": Meter(EC2, "Storage", "EBS:VolumeUsage.gp3", "GB-Months", 0.08, "vol-{hex}"),
    "eks": Meter("Amazon Elastic Kubernetes Service", "Compute", "AmazonEKS-Hours:perCluster", "Hours", 0.1,
                 _arn("eks", "cluster/")),
    "train": Meter(SAGEMAKER, "AI and Machine Learning", "Train:ml.p4d.24xlarge", "Hours", 37.688,
                   _arn("sagemaker", "training-job/")),
    "endpoint": Meter(SAGEMAKER, "AI and Machine Learning", "Host:ml.g5.2xlarge", "Hours", 1.515,
                      _arn("sagemaker", "endpoint/")),
    "kafka": Meter("Amazon Managed Streaming for Apache Kafka", "Integration", "Kafka.m7g.4xlarge", "Hours",
                   1.632, _arn("kafka", "cluster/")),
    "flink": Meter("Amazon Managed Service for Apache Flink", "Analytics", "KPU-Hour-Java", "KPU-Hours", 0.11,
                   _arn("kinesisanalytics", "application/")),
    "kinesis": Meter("Amazon Kinesis", "Analytics", "Storage-ShardHour", "Shard-Hours", 0.015,
                     _arn("kinesis", "stream/")),
    "dynamo-read": Meter(DYNAMODB, "Databases", "ReadRequestUnits", "ReadRequestUnits", 1.25e-7,
                         _arn("dynamodb", "table/")),
    "dynamo-write": Meter(DYNAMODB, "Databases", "WriteRequestUnits", "WriteRequestUnits", 6.25e-7,
                          _arn("dynamodb", "table/")),
    "mysql": Meter(RDS, "Databases", "InstanceUsage:db.r6g.4xl", "Hours", 1.72, _arn("rds", "db:")),
    "mysql-disk": Meter(RDS, "Databases", "RDS:GP3-Storage", "GB-Months", 0.115, _arn("rds", "db:")),
    "cache": Meter("Amazon ElastiCache", "Databases", "NodeUsage:cache.r7g.xlarge", "Hours", 0.437,
                   _arn("elasticache", "cluster:")),
    "search": Meter("Amazon OpenSearch Service", "Analytics", "ESInstance:r6g.large", "Hours", 0.167,
                    _arn("es", "domain/")),
    "emr": Meter("Amazon Elastic MapReduce", "Analytics", "BoxUsage:m6g.4xlarge", "Hours", 0.154,
                 _arn("elasticmapreduce", "cluster/")),
    "emr-credit": Meter("Amazon Elastic MapReduce", "Analytics", "MigrationCredit", "", 0.0, "",
                        "Credit"),
    "glue": Meter("AWS Glue", "Analytics", "ETL-DPU-Hour", "DPU-Hours", 0.44, _arn("glue", "job/")),
    "athena": Meter("Amazon Athena", "Analytics", "DataScannedInTB", "Terabytes", 5.0,
                    _arn("athena", "workgroup/")),
    "bucket": Meter(S3, "Storage", "TimedStorage-ByteHrs", "GB-Months", 0.023, "arn:aws:s3:::{name}"),
    "requests": Meter(S3, "Storage", "Requests-Tier1", "Requests", 5e-6, "arn:aws:s3:::{name}"),
    "lustre": Meter("Amazon FSx", "Storage", "Storage_SSD:Lustre", "GB-Months", 0.145,
                    _arn("fsx", "file-system/")),
    "nat-bytes": Meter(VPC, "Networking", "NatGateway-Bytes", "GB", 0.045, "nat-{hex}"),
    "nat-hours": Meter(VPC, "Networking", "NatGateway-Hours", "Hours", 0.045, "nat-{hex}"),
    "balancer": Meter("Elastic Load Balancing", "Networking", "LCUUsage", "LCU-Hours", 0.008,
                      _arn("elasticloadbalancing", "loadbalancer/app/")),
    "direct": Meter("AWS Direct Connect", "Networking", "PortUsage:10G", "Hours", 2.25,
                    _arn("directconnect", "dxcon/")),
    "edge": Meter("Amazon CloudFront", "Networking", "DataTransfer-Out-Bytes", "GB", 0.085,
                  _arn("cloudfront", "distribution/")),
    "logs": Meter("AmazonCloudWatch", "Management and Governance", "DataProcessing-Bytes", "GB", 0.5,
                  _arn("logs", "log-group:/")),
    "lambda": Meter("AWS Lambda", "Compute", "Lambda-GB-Second", "GB-Seconds", 1.66667e-5,
                    _arn("lambda", "function:")),
    "queue": Meter("Amazon Simple Queue Service", "Integration", "Requests", "Requests", 4e-7,
                   _arn("sqs", "")),
    "api": Meter("Amazon API Gateway", "Networking", "ApiGatewayRequest", "Requests", 1e-6,
                 _arn("apigateway", "restapis/")),
    "guard": Meter("Amazon GuardDuty", "Security", "PaidEventsAnalyzed", "Events", 4e-6,
                   _arn("guardduty", "detector/")),
    "config": Meter("AWS Config", "Management and Governance", "ConfigurationItemRecorded",
                    "ConfigurationItemRecorded", 0.003, _arn("config", "config-recorder/")),
    "trail": Meter("AWS CloudTrail", "Management and Governance", "DataEventsRecorded", "Events", 1e-6,
                   _arn("cloudtrail", "trail/")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Commitment:
    """A discount for spending or using a fixed amount.

    id: an ARN with ``{account}`` for the payer's. level: what is committed, as a share of a usual
    weekday's covered cost. upfront_month: the month (1-12) on whose first day a year is paid; None: it is
    paid day by day.
    """

    id: str
    name: str
    service: str
    category: str
    type: str
    discount: float
    level: float
    upfront_month: int | None


COMMITMENTS = {
    "compute": Commitment(
        "arn:aws:savingsplans::{account}:savingsplan/5f0c2d1a-8b7e-4c39-9a44-31d0c6e2b7f5",
        "compute-3-years",
        "Savings Plans for AWS Compute usage",
        "Spend",
        "Compute Savings Plans",
        discount=0.38,
        level=0.97,
        upfront_month=None,
    ),
    "mysql": Commitment(
        "arn:aws:rds:us-east-1:{account}:ri:mysql-1-year",
        "mysql-1-year",
        RDS,
        "Usage",
        "Standard Reserved Instances",
        discount=0.36,
        level=1.0,
        upfront_month=7,
    ),
}
