# What AWS's tutorials do from the first role to a paid purchase and away again: the same calls with the same members in the
# same order, in cells. It knows nothing of Bursar, and names AWS's endpoints itself, as the newest of them do.
# %% roles
import json
import os
import uuid

import boto3
from bedrock_agentcore.payments import PaymentManager

REGION = os.environ["AWS_REGION"]
VENDOR = os.environ["TUTORIAL_VENDOR"]
COINBASE = VENDOR == "CoinbaseCDP"
USER = f"tutorial-{uuid.uuid4()}"
EMAIL = "someone@example.com"
PAYMENTS = "bedrock-agentcore"
ACTIONS = {
    "ControlPlane": [
        f"{verb}Payment{noun}"
        for noun in ("Manager", "Connector", "CredentialProvider")
        for verb in ("Create", "Get", "Delete", "Update")
    ],
    "Management": [
        *(f"{verb}PaymentInstrument" for verb in ("Create", "Get", "Delete")),
        "ListPaymentInstruments",
        "GetPaymentInstrumentBalance",
        *(f"{verb}PaymentSession" for verb in ("Create", "Get", "Update")),
        "ListPaymentSessions",
    ],
    "ProcessPayment": ["ProcessPayment", "GetPaymentInstrument", "GetPaymentInstrumentBalance", "GetPaymentSession"],
    "ResourceRetrieval": ["GetWorkloadAccessToken", "CreateWorkloadIdentity", "GetResourcePaymentToken"],
}


def tell(what, **facts):
    """One line for the test that reads this."""
    print(json.dumps({"tells": what, **facts}, default=str), flush=True)


def new_token():
    return f"{uuid.uuid4()}-{uuid.uuid4().hex[:8]}"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def permission(effect, actions):
    resource = f"arn:aws:{PAYMENTS}:{REGION}:{account}:*"
    return document({"Effect": effect, "Action": [f"{PAYMENTS}:{each}" for each in actions], "Resource": resource})


session = boto3.Session(region_name=REGION)
iam = session.client("iam")
account = session.client("sts").get_caller_identity()["Account"]
by_account = {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{account}:root"]}, "Action": "sts:AssumeRole"}
by_service = {
    "Effect": "Allow",
    "Principal": {"Service": "bedrock-agentcore.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
}
role_arns = {}
for short, actions in ACTIONS.items():
    role_name = f"AgentCorePayments{short}Role"
    trust = document(by_service if short == "ResourceRetrieval" else by_account)
    try:
        role_arns[short] = iam.get_role(RoleName=role_name)["Role"]["Arn"]
        iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=trust)
    except iam.exceptions.NoSuchEntityException:
        made = iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=trust, Description=f"{short} of payments")
        role_arns[short] = made["Role"]["Arn"]
    iam.put_role_policy(RoleName=role_name, PolicyName="AllowPolicy", PolicyDocument=permission("Allow", actions))
    if short == "Management":
        deny = permission("Deny", ["ProcessPayment"])
        iam.put_role_policy(RoleName=role_name, PolicyName="DenyPolicy", PolicyDocument=deny)

# %% sessions in the roles
control_endpoint = f"https://bedrock-agentcore-control.{REGION}.amazonaws.com"
data_endpoint = f"https://bedrock-agentcore.{REGION}.amazonaws.com"


def assume(short, session_name):
    keys = session.client("sts").assume_role(RoleArn=role_arns[short], RoleSessionName=session_name)["Credentials"]
    assumed = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=REGION,
    )
    tell("assumed", arn=assumed.client("sts").get_caller_identity()["Arn"])
    return assumed


control = assume("ControlPlane", "tutorial-cp").client("bedrock-agentcore-control", endpoint_url=control_endpoint)
management = assume("Management", "tutorial-mgmt").client("bedrock-agentcore", endpoint_url=data_endpoint)

# %% credential provider
if COINBASE:
    configuration = {
        "coinbaseCdpConfiguration": {
            "apiKeyId": os.environ["COINBASE_API_KEY_ID"],
            "apiKeySecret": os.environ["COINBASE_API_KEY_SECRET"],
            "walletSecret": os.environ["COINBASE_WALLET_SECRET"],
        }
    }
else:
    configuration = {
        "stripePrivyConfiguration": {
            "appId": os.environ["PRIVY_APP_ID"],
            "appSecret": os.environ["PRIVY_APP_SECRET"],
            "authorizationId": os.environ["PRIVY_AUTHORIZATION_ID"],
            "authorizationPrivateKey": os.environ["PRIVY_AUTHORIZATION_PRIVATE_KEY"],
        }
    }
provider_name = f"{VENDOR}{uuid.uuid4().hex[:8]}"
provider = control.create_payment_credential_provider(
    name=provider_name, credentialProviderVendor=VENDOR, providerConfigurationInput=configuration
)

# %% manager
made = control.create_payment_manager(
    name=f"Tutorial{uuid.uuid4().hex[:8]}",
    description="of a tutorial",
    authorizerType="AWS_IAM",
    roleArn=role_arns["ResourceRetrieval"],
    clientToken=new_token(),
)
manager_id, manager_arn = made["paymentManagerId"], made["paymentManagerArn"]
assert control.get_payment_manager(paymentManagerId=manager_id)["status"] == "READY"

# %% connector
key = "coinbaseCDP" if COINBASE else "stripePrivy"
made = control.create_payment_connector(
    paymentManagerId=manager_id,
    name="MyCoinbaseConnector" if COINBASE else "MyPrivyConnector",
    description=f"{VENDOR} of a tutorial",
    type=VENDOR,
    credentialProviderConfigurations=[{key: {"credentialProviderArn": provider["credentialProviderArn"]}}],
    clientToken=new_token(),
)
connector_id = made["paymentConnectorId"]
connector = control.get_payment_connector(paymentManagerId=manager_id, paymentConnectorId=connector_id)
assert connector["status"] == "READY"

# %% instrument
made = management.create_payment_instrument(
    paymentManagerArn=manager_arn,
    paymentConnectorId=connector_id,
    userId=USER,
    paymentInstrumentType="EMBEDDED_CRYPTO_WALLET",
    paymentInstrumentDetails={
        "embeddedCryptoWallet": {"network": "ETHEREUM", "linkedAccounts": [{"email": {"emailAddress": EMAIL}}]}
    },
    clientToken=new_token(),
)["paymentInstrument"]
instrument_id = made["paymentInstrumentId"]
address = made["paymentInstrumentDetails"]["embeddedCryptoWallet"]["walletAddress"]
read = management.get_payment_instrument(
    paymentManagerArn=manager_arn, paymentConnectorId=connector_id, paymentInstrumentId=instrument_id, userId=USER
)
assert read["paymentInstrument"]["status"] == "ACTIVE"

# %% link and, by hand, money and consent
manager = PaymentManager(payment_manager_arn=manager_arn, region_name=REGION)
details = manager.get_payment_instrument(user_id=USER, payment_instrument_id=instrument_id)
link = details["paymentInstrumentDetails"]["embeddedCryptoWallet"].get("redirectUrl")
tell("by hand", address=address, link=link)
input()

# %% balance and session
balance_of = {
    "paymentManagerArn": manager_arn,
    "paymentConnectorId": connector_id,
    "paymentInstrumentId": instrument_id,
    "userId": USER,
    "chain": "BASE_SEPOLIA",
    "token": "USDC",
}
tell("balance", amount=management.get_payment_instrument_balance(**balance_of)["tokenBalance"]["amount"])
made = management.create_payment_session(
    paymentManagerArn=manager_arn,
    userId=USER,
    expiryTimeInMinutes=60,
    limits={"maxSpendAmount": {"value": "1.0", "currency": "USD"}},
    clientToken=new_token(),
)["paymentSession"]
session_id = made["paymentSessionId"]
read = management.get_payment_session(paymentManagerArn=manager_arn, paymentSessionId=session_id, userId=USER)
assert read["paymentSession"]["expiryTimeInMinutes"] == 60

# %% delivery of logs, which may fail
try:
    boto3.client("logs", region_name=REGION).create_log_group(
        logGroupName=f"/aws/vendedlogs/bedrock-agentcore/{manager_id}"
    )
except Exception as error:  # as the tutorials do
    tell("no logs", why=str(error))

# %% the agent
from bedrock_agentcore.payments.integrations.strands import AgentCorePaymentsPlugin, AgentCorePaymentsPluginConfig
from strands import Agent
from strands.models import BedrockModel

read = management.get_payment_instrument(
    paymentManagerArn=manager_arn, paymentInstrumentId=instrument_id, userId=USER
)
plugin = AgentCorePaymentsPlugin(
    config=AgentCorePaymentsPluginConfig(
        payment_manager_arn=manager_arn,
        user_id=read["paymentInstrument"]["userId"],
        payment_instrument_id=instrument_id,
        payment_session_id=session_id,
        region=REGION,
        network_preferences_config=["eip155:84532", "base-sepolia"],
    )
)
agent = Agent(
    model=BedrockModel(model_id="us.anthropic.claude-sonnet-4-6", region_name=REGION, temperature=0.7),
    plugins=[plugin],
    system_prompt="You look up what is asked for.",
    callback_handler=None,
)
tell("bought", answer=str(agent("What does https://seller.example/api/weather say?")))

# %% what the books say
read = management.get_payment_session(paymentManagerArn=manager_arn, paymentSessionId=session_id, userId=USER)
tell("left", available=read["paymentSession"]["availableLimits"]["availableSpendAmount"])
tell("balance", amount=management.get_payment_instrument_balance(**balance_of)["tokenBalance"]["amount"])
of_user = {"paymentManagerArn": manager_arn, "userId": USER, "maxResults": 20}
instruments = management.list_payment_instruments(**of_user, paymentConnectorId=connector_id)["paymentInstruments"]
sessions = management.list_payment_sessions(**of_user)["paymentSessions"]
assert [each["paymentInstrumentId"] for each in instruments] == [instrument_id]
assert [each["paymentSessionId"] for each in sessions] == [session_id]

# %% away again
management.delete_payment_instrument(
    paymentManagerArn=manager_arn, paymentConnectorId=connector_id, paymentInstrumentId=instrument_id, userId=USER
)
control.delete_payment_connector(
    paymentManagerId=manager_id, paymentConnectorId=connector_id, clientToken=new_token()
)
control.delete_payment_manager(paymentManagerId=manager_id, clientToken=new_token())
control.delete_payment_credential_provider(name=provider_name)
tell("done")
