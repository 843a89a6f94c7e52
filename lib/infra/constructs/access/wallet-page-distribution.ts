import { Duration } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
  type BehaviorOptions,
  type ErrorResponse,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import { OAUTH_PREFIX } from '../../../contract/operations.ts';
import { WALLET_PAGE_PATH } from '../../../contract/wallet-page.ts';
import type { CloudFrontChoice } from '../../config/config.ts';
import { uniqueName } from '../../unique-name.ts';

export interface WalletPageDistributionProps extends CloudFrontChoice {
  /** The deployment, after which the cache policy is named: an account has one of a name. */
  readonly name: string;
  /** Of the API. */
  readonly apiHost: string;
  readonly stageName: string;
}

const ASSETS_MAX_AGE = Duration.days(365);
/** What CloudFront would otherwise keep of answers that say nothing of caches, such as the gateway's own. */
const ERRORS = [403, 404, 500, 502, 503, 504];
const CLOSED: readonly ErrorResponse[] = ERRORS.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) }));

/**
 * CloudFront before the page of wallets and the calls that it makes, so that both are of one origin: the page's addresses are
 * relative, its content policy stays the function's, and nothing needs CORS. Script and style, which are named by their content, are
 * kept; nothing else is. Tokens go with the paths that take them alone. What is signed with IAM does not come through: a signature
 * names the API's host.
 */
export class WalletPageDistribution extends Construct {
  /** What the DNS record of the domain name has to point to. */
  readonly target: string;

  constructor(scope: Construct, id: string, props: WalletPageDistributionProps) {
    super(scope, id);
    const origin = new HttpOrigin(props.apiHost, {
      originPath: `/${props.stageName}`,
      protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [OriginSslPolicy.TLS_V1_2],
    });
    const page: BehaviorOptions = {
      origin,
      allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      compress: false,
    };
    const assets = { ...page, cachePolicy: this.assetPolicy(props.name), compress: true };
    const calls = {
      ...page,
      allowedMethods: AllowedMethods.ALLOW_ALL,
      // Tokens with the rest; the host has to be the API's.
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: `${props.name}: the page of wallets`,
      domainNames: [props.domainName],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', props.certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PRICE_CLASSES[props.priceClass],
      defaultBehavior: page,
      additionalBehaviors: {
        [`${WALLET_PAGE_PATH}/page.*`]: assets,
        [`${WALLET_PAGE_PATH}/session`]: calls,
        [`${OAUTH_PREFIX}/*`]: calls,
      },
      errorResponses: [...CLOSED],
    });
    this.target = distribution.distributionDomainName;
  }

  /** By path and version; how long, the function says. */
  private assetPolicy(name: string): CachePolicy {
    return new CachePolicy(this, 'Assets', {
      cachePolicyName: uniqueName(`${name}-WalletPage`),
      comment: 'Script and style of the page of wallets, by their versions',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: ASSETS_MAX_AGE,
      queryStringBehavior: CacheQueryStringBehavior.allowList('v'),
      headerBehavior: CacheHeaderBehavior.none(),
      cookieBehavior: CacheCookieBehavior.none(),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    });
  }
}

const PRICE_CLASSES: Readonly<Record<CloudFrontChoice['priceClass'], PriceClass>> = {
  PriceClass_100: PriceClass.PRICE_CLASS_100,
  PriceClass_200: PriceClass.PRICE_CLASS_200,
  PriceClass_All: PriceClass.PRICE_CLASS_ALL,
};
