import { discovery, type Provider } from './provider.js';

const document = 'docs/guide/providers/workloads.md';

const CLUSTER = 'https://kubernetes.default.svc.cluster.local';
const GITHUB = 'https://token.actions.githubusercontent.com';

const checkout = {
  iss: CLUSTER,
  aud: ['orders-api'],
  sub: 'system:serviceaccount:shop:checkout',
  nbf: 1_700_000_000,
  'kubernetes.io': {
    namespace: 'shop',
    pod: { name: 'checkout-1', uid: '900f80ed-bafe-49f0-9ae2-c5f0a3ac2cbe' },
    serviceaccount: { name: 'checkout', uid: 'a709ef71-30e2-489a-bd19-ade97031b9db' },
  },
};

const job = {
  iss: GITHUB,
  aud: 'https://api.example.com',
  sub: 'repo:example/shop:ref:refs/heads/main',
  ref: 'refs/heads/main',
  repository: 'example/shop',
  repository_id: '123456789',
  repository_owner: 'example',
  repository_owner_id: '987654321',
  workflow: 'deploy',
  job_workflow_ref: 'example/shop/.github/workflows/deploy.yml@refs/heads/main',
  event_name: 'push',
};

/** Kubernetes service accounts and GitHub Actions. */
export const WORKLOADS: readonly Provider[] = [
  {
    document,
    heading: 'Kubernetes service accounts',
    jwksUri: 'https://kubernetes.default.svc/openid/v1/jwks',
    files: {
      '/var/run/secrets/kubernetes.io/serviceaccount/token': 'token-of-the-pod',
      '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt': 'certificate-of-the-cluster',
    },
    accepted: { 'the projected token of a pod': { claims: checkout } },
    refused: {
      'the token for the API server': { claims: { ...checkout, aud: [CLUSTER] }, code: 'wrong_audience' },
      'the token of another service account': {
        claims: { ...checkout, sub: 'system:serviceaccount:shop:default' },
        code: 'invalid_claim',
      },
      'a token of a legacy secret': {
        claims: { ...checkout, iss: 'kubernetes/serviceaccount', aud: undefined },
        code: 'unknown_issuer',
      },
    },
  },
  {
    document,
    heading: 'GitHub Actions',
    metadata: discovery(GITHUB, `${GITHUB}/.well-known/jwks`),
    jwksUri: `${GITHUB}/.well-known/jwks`,
    accepted: { 'the token of a job': { header: { typ: 'JWT' }, claims: job } },
    refused: {
      'the token of a job in another repository': {
        claims: { ...job, repository_id: '1', repository: 'evil/shop' },
        code: 'invalid_claim',
      },
      'the token of a pull request': {
        claims: { ...job, ref: 'refs/pull/1/merge', event_name: 'pull_request' },
        code: 'invalid_claim',
      },
      'the token with the default audience': {
        claims: { ...job, aud: 'https://github.com/example' },
        code: 'wrong_audience',
      },
    },
  },
];
