import type { NetworkId } from '../../domain/assets.ts';

/** Everything that a deployer may choose. Each has a default, so that `cdk deploy --all` needs no arguments. */
export interface BursarConfig {
  /**
   * Where it is deployed, such as `us-east-1`; `null` (written `none`) leaves that to the credentials.
   * @default null
   */
  readonly region: string | null;
  /**
   * Names the deployment: the stacks, the roles that wallet keys trust, the tag of wallet keys and the names of wallet
   * secrets begin with it. Changing it later makes a second deployment, and the first one's wallets stay with the first.
   * At most 24 letters, digits and hyphens.
   * @default 'Bursar'
   */
  readonly stackPrefix: string;
  /**
   * The budget in US dollars of a session that is created without limits; `null` (written `none`) leaves it uncapped.
   * @default '10.00'
   */
  readonly defaultSessionLimitUsd: string | null;
  /**
   * The largest budget in US dollars that a session may be opened with; `null` (written `none`) sets no bound. It bounds one
   * session, not how many of them there are. Sessions that are open already keep their budgets.
   * @default null
   */
  readonly maxSessionLimitUsd: string | null;
  /**
   * Chains that may be paid on, by CAIP-2 id or x402 name. Base and its testnet are where x402 sellers and public RPC
   * endpoints are; every further chain is one more place to fund and watch, so it is the deployer's decision.
   * @default ['eip155:8453', 'eip155:84532']
   */
  readonly allowedNetworks: readonly NetworkId[];
  /**
   * Where chains are asked, by CAIP-2 id: an https URL, or a list of at most four, of which each next one is asked where those before it
   * fail. What is given here is added to the default. It shows in the configuration of the functions that ask, so a URL with a key in it
   * is known to everybody who may read that.
   * @default - Base's public endpoints, which are rate-limited
   */
  readonly rpcUrls: Readonly<Partial<Record<NetworkId, string | readonly string[]>>>;
  /**
   * Where the end users of a provider's wallets let them sign, by the name of the credential provider or the type of the connector; `*`
   * stands for all others. It is the `redirectUrl` of such wallets. Coinbase has one page for each project, which its portal shows and no
   * API tells. For Privy you build the page: with one, its users are asked, and without one, wallets may sign from the beginning.
   * @default {} - wallets show no such page
   */
  readonly walletHubUrls: Readonly<Record<string, string>>;
  /**
   * Whether the deployment serves a page at `/wallet`, on which users see what may be spent from their wallets, put money in and take
   * leave back, and to which `CreateWalletLink` makes links. It needs `oauth`: the page calls operations with a token.
   * @default true
   */
  readonly walletPage: boolean;
  /**
   * A distribution of CloudFront before that page, as `{"domainName":"wallet.example.com","certificateArn":"arn:aws:acm:us-east-1:..."}`:
   * links then lead to a name of yours, and script and style come from near the user. The certificate is one of us-east-1; without
   * one CloudFront would take TLS 1.0. `priceClass` says where it answers from: `PriceClass_100` (default), `PriceClass_200` or
   * `PriceClass_All`. The output `WalletPageTarget` is what the DNS record of the name has to point to.
   * @default null - the API serves the page itself
   */
  readonly walletPageCloudFront: CloudFrontChoice | null;
  /**
   * Tokens that may be paid in besides USDC and EURC, at most eight, as a JSON list of `network` (a CAIP-2 id), `address` (with its
   * EIP-55 checksum), `symbol`, `decimals`, and the `name` and `version` of the token's EIP-712 domain; a token without the last two
   * has no EIP-3009 and is paid by Permit2 alone. Whoever names a token vouches for its contract: compare its `decimals`,
   * `symbol` and `DOMAIN_SEPARATOR` on the chain first. What it costs stands in `usdRates`.
   * @default []
   */
  readonly assets: readonly AssetChoice[];
  /**
   * What one whole token costs in US dollars, by symbol, and the day of which that is, as
   * `{"EURC":{"usd":"1.17","asOf":"2026-11-20"}}`: at most twelve decimals. Budgets and limits count a payment in the token by it,
   * rounded up. A token without a rate is not paid in; USDC is a dollar and has none.
   * @default {}
   */
  readonly usdRates: Readonly<Record<string, UsdRateChoice>>;
  /**
   * For how many days a rate of `usdRates` is good, from 1 to 366. Nothing is bought in a token whose rate is older: budgets would
   * no longer say what is spent. What was signed before stays as it was counted, and withdrawals go on.
   * @default 30
   */
  readonly usdRateMaxAgeDays: number;
  /**
   * How long CloudWatch keeps logs, in days.
   * @default 90
   */
  readonly logRetentionDays: number;
  /**
   * Whether tables, their key and logs survive the deletion of the stacks. `false` is for try-outs: it deletes the books.
   * Wallet keys and wallet secrets are made at run time and survive in any case.
   * @default true
   */
  readonly retainData: boolean;
  /**
   * Memory of every other function in MiB; Lambda gives CPU in proportion. The publisher, which waits most of the time, gets
   * 256 at the most.
   * @default 512
   */
  readonly functionMemoryMib: number;
  /**
   * Memory of the paying function in MiB, and with it its share of a processor: 512 MiB is 0.29 of one, and signing is what it
   * computes.
   * @default 512
   */
  readonly payingMemoryMib: number;
  /**
   * Memory of the sweeper, and with it its share of a processor, which decides how many payments a second it keeps up with
   * (docs/operating.md, limits). While there are payments it runs half of all time, mostly waiting.
   * @default 256
   */
  readonly sweeperMemoryMib: number;
  /**
   * ARNs that may assume ControlPlaneRole.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly controlPlanePrincipals: readonly string[];
  /**
   * ARNs that may assume ManagementRole: the application's backend.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly managementPrincipals: readonly string[];
  /**
   * ARNs that may assume ProcessPaymentRole: the agents. A holder of that role can spend for every user of a manager.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly processPaymentPrincipals: readonly string[];
  /**
   * ARNs that may assume ObserverRole: it reads managers, connectors, sessions, instruments and receipts of every user.
   * @default [] - this account, so that its IAM policies decide
   */
  readonly observerPrincipals: readonly string[];
  /**
   * ARNs that may assume TokenRole, which mints tokens of wallet providers. Such a token is a signing privilege outside
   * every budget, so no other role has it and the role is made only where somebody is named here.
   * @default [] - there is no TokenRole
   */
  readonly tokenPrincipals: readonly string[];
  /**
   * EVM addresses, with their EIP-55 checksums, that money may leave wallets for: your own, at most twenty. Only a deployment
   * changes them, so that the holder of TreasuryRole cannot choose where the money goes.
   * @default [] - nothing can be withdrawn
   */
  readonly withdrawalAddresses: readonly string[];
  /**
   * Origins, such as `https://signer.example.com`, that connectors of type `ExternalSigner` may name: the paying function asks a signer
   * there for signatures. Where there are none, no such connector is made.
   * @default []
   */
  readonly signerOrigins: readonly string[];
  /**
   * ARNs of Lambda functions with their alias or version, such as `arn:aws:lambda:us-east-1:111122223333:function:signer:live`, that
   * connectors of type `ExternalSigner` may name: the paying function, which may invoke these alone, asks them for signatures. One of
   * another account has to let the paying function's role in by its own policy.
   * @default []
   */
  readonly signerFunctions: readonly string[];
  /**
   * Facilitators, by address, that may decide how much of an offer's ceiling is taken (x402's scheme `upto`). A session is
   * counted with the ceiling until the chain says for good how much was taken, so list those alone that you trust with it.
   * @default [] (no such offer is paid)
   */
  readonly facilitators: readonly string[];
  /**
   * What the approvals of one wallet, and the withdrawals of its coin, may cost in a day on one network, in that network's own coin as
   * text such as `'0.002'`; `null` (written `none`) sends none. Permit2 takes nothing of a wallet that has not approved it, and who approves pays gas, so the wallet
   * must hold some of the coin. An approval is counted with the most that it can cost, before it is signed.
   * @default null
   */
  readonly approvalGasPerDay: string | null;
  /**
   * ARNs that may assume TreasuryRole, which takes money out of the wallets of every user, to `withdrawalAddresses` only. No
   * other role may, and the role is made only where somebody is named here.
   * @default [] - there is no TreasuryRole
   */
  readonly treasuryPrincipals: readonly string[];
  /**
   * ARNs that may assume BackupRole, which reads the seeds of `SeedVault` wallets and restores lost ones. A principal that
   * assumes it can copy the keys of every such wallet, so the role is made only where somebody is named here.
   * @default [] - there is no BackupRole; administrators of the account can read the secrets
   */
  readonly backupPrincipals: readonly string[];
  /**
   * Who the user of a call that is signed with IAM is. `false`: whom the user-id header names, as with AWS, so that the
   * holder of a role can act for every user of a manager. `true`: the name of the role session, and a header that says
   * otherwise is refused.
   *
   * A session name is worth what the trust in those who choose it is worth. An IAM user that is named as principal may take
   * its own user name only (`sts:RoleSessionName` must equal `aws:username`). A role that is named as principal chooses
   * freely: it stands for a backend that knows its users and is trusted to name them; IAM knows nothing to compare with.
   * An account as principal would let all whom its policies let assume the role take any name; therefore
   * `managementPrincipals` and `processPaymentPrincipals` must name users and roles. Principals that get their permissions
   * through the CDK grants are users under the names of their own sessions, which for a Lambda function is the function's.
   * @default false
   */
  readonly bindUserToRoleSession: boolean;
  /**
   * Issuers of OpenID Connect, at most twenty, whose tokens payment managers may take; `[]` (written `none`) are none, and
   * `null` (written `any`) leaves it to the holder of ControlPlaneRole, who can then let anybody pay. What a
   * manager trusted before is trusted no longer.
   * @default null
   */
  readonly jwtIssuers: readonly string[] | null;
  /**
   * Blocks of private addresses, in CIDR, at which issuers of tokens may be, at most 16. Functions ask an issuer at no other
   * address that is not of the internet, whatever its name resolves to, since a discovery URL may be a stranger's way into your
   * VPC; this host and metadata services they never ask.
   * @default []
   */
  readonly issuerPrivateRanges: readonly string[];
  /**
   * Whether calls with tokens are taken, under `/oauth`. Without them everybody signs with IAM, and there is neither the
   * function that judges tokens nor a way to make it work for strangers.
   * @default true
   */
  readonly oauth: boolean;
  /**
   * Origins of web pages, such as `https://app.example`, at most eight, whose scripts may call the API with tokens, under `/oauth`, and
   * read its answers. Browsers keep them from pages of all other origins. Such a page holds a token: give it one that can pay within a
   * session, and none that opens sessions.
   * @default [] - pages of no other origin
   */
  readonly browserOrigins: readonly string[];
  /**
   * Instances that the function which judges tokens may have at the most. Anybody can send it tokens, and they take from what
   * the account has for payments. Needs an account whose limit is above 100 more than all that is set aside.
   * @default null - it shares the account's
   */
  readonly authorizerConcurrency: number | null;
  /**
   * ARNs of your own secrets in Secrets Manager that credential providers of source EXTERNAL may refer to; only the
   * function that mints tokens reads them. Full ARNs with the six characters at their end, or `-??????` in place of those.
   * A secret that is encrypted with a key of yours needs that key's policy to let the function's role decrypt.
   * @default []
   */
  readonly externalSecretArns: readonly string[];
  /**
   * Requests per second that the API accepts in all, and the size of its bucket for bursts.
   * @default 1000
   */
  readonly throttleRequestsPerSecond: number;
  /** @default 2000 */
  readonly throttleBurstRequests: number;
  /**
   * A host name of your own for the API, such as `pay.example.com`, so that its URL stays when the stack is made anew. It needs
   * `certificateArn`; the output `DomainTarget` is what its DNS record (CNAME, or alias in Route 53) has to name. The address
   * that API Gateway gives keeps working.
   * @default null
   */
  readonly domainName: string | null;
  /**
   * A certificate of ACM for `domainName`, of the region of the deployment.
   * @default null
   */
  readonly certificateArn: string | null;
  /**
   * Whether to set the role with which API Gateway writes logs. It is one setting for the whole account and region, and
   * access logs need it. `false` where something else owns it already.
   * @default true
   */
  readonly ownApiGatewayAccount: boolean;
  /**
   * The longest that an authorization may be good for, in seconds; a seller that asks for less gets less. What is signed
   * can be settled until it expires, and what nobody took of a ceiling comes back after that alone.
   * @default 300
   */
  readonly validityCapSeconds: number;
  /**
   * For how many seconds the same terms (payee, amount, token, chain) within a session count as the same purchase, so that
   * one under another client token is refused. For agents whose tools mint a fresh token for every retry; it also refuses
   * an agent that means to buy the same again. 0 is off; at most 3600.
   * @default 0
   */
  readonly repeatWindowSeconds: number;
  /**
   * Names of agents that get metrics of their own; every other name counts as `other`, since each name is a metric that
   * costs, and a name is whatever a caller says. At most 50.
   * @default []
   */
  readonly agentNames: readonly string[];
  /**
   * Who hears of alarms. With an address there is a topic, encrypted with a key of its own, and a subscription that the
   * addressee has to confirm. Without one the alarms are there, and nobody hears of them.
   * @default null
   */
  readonly alarmEmail: string | null;
  /**
   * Whether `alarmEmail` also hears, as it happens, of what only administrators do: reads of seeds and of wallet providers' secrets by
   * anybody but the functions, deletions and disabling of keys, and changes of key policies, as CloudTrail reports them; and of updates
   * of payment managers. The account needs a trail of management events.
   * @default false
   */
  readonly trailRules: boolean;
  /**
   * US dollars that may be signed for in an hour before an alarm. `null` (written `none`) leaves it to CloudWatch to learn
   * over two weeks what is usual, and to report what is above it.
   * @default null
   */
  readonly spendAlarmUsdPerHour: number | null;
  /**
   * Whether to make a dashboard. An account has three for nothing; each further one costs three dollars a month.
   * @default true
   */
  readonly dashboards: boolean;
  /**
   * The part of requests that are traced with X-Ray, from 0 to 1, beside the first one of each second.
   * @default 0.05
   */
  readonly traceSamplingRate: number;
  /**
   * Whether a new version of a function first gets a tenth of its calls for five minutes, and none where an alarm goes off.
   * The first deployment is not slower. `false` deploys at once, also while an alarm is on.
   * @default true
   */
  readonly canaryDeployment: boolean;
  /**
   * How the functions on the paying path (paying, sweeping, reading) speak to DynamoDB, KMS and Secrets Manager. `lean`: by
   * some hundred lines of our own, at a third of the processor time. `sdk`: by the AWS SDK, as all other functions do; the
   * way back should the lean one fail you, and the way to dual-stack endpoints.
   * @default 'lean'
   */
  readonly awsTransport: 'lean' | 'sdk';
  /**
   * Instances that are set aside for the paying function, which then has no more than these either. Needs an account
   * whose limit is above 100 more than that, which fresh ones are not.
   * @default null - it shares the account's
   */
  readonly reservedConcurrency: number | null;
  /**
   * Instances of the paying function that are kept warm. Each costs about 4.30 dollars a month with 512 MiB.
   * @default null - none: the first call after a pause takes longer
   */
  readonly provisionedConcurrency: number | null;
  /**
   * Whether AWS WAF stands before the API: it refuses bodies that are too large, and addresses that call too often, before
   * anything is paid for them. Seven dollars a month and 0.60 a million requests.
   * @default false
   */
  readonly waf: boolean;
  /**
   * The VPC in which the functions run, as `{"vpcId":"vpc-...","subnetIds":["subnet-..."]}`. They reach nothing there
   * unless you see to it: a gateway endpoint of DynamoDB in the subnets' route tables; interface endpoints of `kms`, `events` and
   * `secretsmanager` (and of `lambda`, where there are `signerFunctions`) with private DNS, whose security groups let port 443 in; and a way out (NAT) to the RPC URLs for
   * balances, to the issuers of tokens for `/oauth`, and to wallet providers. Logs, metrics and traces need none.
   * @default null - none: Lambda's own network, from which nothing of yours can be reached
   */
  readonly vpc: VpcChoice | null;
  /**
   * Tables to use in place of the data stack's own: those that an earlier stack left, or that a backup was restored to
   * (docs/operating.md, restoring), as a JSON object of `booksTableName`, `booksStreamArn`, `registryTableName` and `keyArn`, the
   * key that encrypts both. The data stack's own tables stay as they are, and cost nothing while nobody uses them.
   * @default null - the data stack's own
   */
  readonly existingTables: ExistingTables | null;
}

/** A name for the page of wallets, its certificate of ACM in us-east-1, and where CloudFront answers from. */
export interface CloudFrontChoice {
  readonly domainName: string;
  readonly certificateArn: string;
  readonly priceClass: 'PriceClass_100' | 'PriceClass_200' | 'PriceClass_All';
}

/** A token as a deployer names it. */
export interface AssetChoice {
  /** CAIP-2. */
  readonly network: NetworkId;
  readonly address: string;
  readonly symbol: string;
  readonly decimals: number;
  /** Of its EIP-712 domain. @default - it has no EIP-3009 */
  readonly name?: string;
  readonly version?: string;
}

/** What one whole token costs. */
export interface UsdRateChoice {
  /** Dollars, such as `1.17`. */
  readonly usd: string;
  /** The day of which that is, such as `2026-11-20`. */
  readonly asOf: string;
}

/** Tables that no stack of this app owns. They must have the keys and indexes of `docs/reference/storage-schema.md`. */
export interface ExistingTables {
  readonly booksTableName: string;
  /** The stream of the books, with new and old images. */
  readonly booksStreamArn: string;
  readonly registryTableName: string;
  readonly keyArn: string;
}

/** Subnets of one VPC, in which functions get their network interfaces. */
export interface VpcChoice {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
}
