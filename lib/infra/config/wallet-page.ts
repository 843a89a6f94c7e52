import type { BursarConfig, CloudFrontChoice } from './config.ts';
import { isDomainName, parseObject, parseOptional, Unexpected } from './values.ts';

/** CloudFront takes certificates of this region alone, and is there in this partition alone. */
const CERTIFICATE_ARN = /^arn:aws:acm:us-east-1:[0-9]{12}:certificate\/[A-Za-z0-9-]{1,64}$/;
/** Where CloudFront answers from, the cheapest first. */
const PRICE_CLASSES = ['PriceClass_100', 'PriceClass_200', 'PriceClass_All'] as const;

export function parseWalletPageCloudFront(value: unknown): CloudFrontChoice | null {
  return parseOptional(value, (given) => {
    const {
      domainName,
      certificateArn,
      priceClass = PRICE_CLASSES[0],
      ...others
    } = parseObject(given) as Readonly<Record<keyof CloudFrontChoice, unknown>>;
    const known = PRICE_CLASSES.find((each) => each === priceClass);
    const fits = typeof certificateArn === 'string' && CERTIFICATE_ARN.test(certificateArn);
    if (isDomainName(domainName) && fits && known !== undefined && Object.keys(others).length === 0)
      return { domainName, certificateArn, priceClass: known };
    throw new Unexpected(
      `a JSON object such as {"domainName":"wallet.example.com","certificateArn":"arn:aws:acm:us-east-1:111122223333:certificate/..."} with a certificate of us-east-1 and, where you want it, a "priceClass" of ${PRICE_CLASSES.join(', ')}`,
    );
  });
}

/** What stands before the page of wallets needs one, and a name of its own. */
export function unservedPage({ oauth, walletPage, walletPageCloudFront: choice, domainName }: BursarConfig): string[] {
  if (choice === null) return [];
  return [
    ...(oauth && walletPage ? [] : ['walletPageCloudFront needs walletPage and oauth: without them there is no page']),
    ...(choice.domainName === domainName
      ? ['walletPageCloudFront and domainName are two places: expected another domainName']
      : []),
  ];
}
