/** Where the templates are taken to be deployed. */
export interface Environment {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}
