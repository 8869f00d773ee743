import { findClass } from './installed-class.js';

// A doc comment, which TypeScript keeps in the declaration file: @grpc/grpc-js need not be installed.
/** @ts-ignore without it there is no call to send metadata with */
export type GrpcMetadata = import('@grpc/grpc-js').Metadata;

const INSTALL = 'npm install --save-dev @grpc/grpc-js';

/**
 * Metadata of gRPC with this `authorization`.
 *
 * @throws Error when @grpc/grpc-js is not installed, with the command that installs it
 */
export function grpcMetadataWith(authorization: string): GrpcMetadata {
  const Metadata = findClass('grpcMetadata', { '@grpc/grpc-js': 'Metadata' }, INSTALL);
  const metadata = new (Metadata as new () => GrpcMetadata)();
  metadata.set('authorization', authorization);
  return metadata;
}
