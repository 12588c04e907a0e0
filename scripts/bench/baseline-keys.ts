/** The baseline's own small PKI, made anew at each start: a P-256 CA and one P-256 certificate per end, valid a day. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** PEM texts for one end: what node:https takes. */
export interface EndKeys {
  ca: string;
  cert: string;
  key: string;
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Certificates start a little before now: the other end's clock may lag. */
const BACKDATE_MS = 60_000;

x509.cryptoProvider.set(webcrypto as typeof globalThis.crypto);

const newPair = () => webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);

/** Keys of both ends under one new CA; both certificates are for 127.0.0.1. */
export async function makeEndKeys(): Promise<{ client: EndKeys; server: EndKeys }> {
  const caPair = await newPair();
  const validity = { notBefore: new Date(Date.now() - BACKDATE_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=baseline CA',
    keys: caPair,
    signingAlgorithm: P256,
    ...validity,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const end = async (name: string): Promise<EndKeys> => {
    const pair = await newPair();
    const cert = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: pair.publicKey,
      signingKey: caPair.privateKey,
      signingAlgorithm: P256,
      ...validity,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
      ],
    });
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', pair.privateKey);
    const key = x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
    return { ca: ca.toString('pem'), cert: cert.toString('pem'), key };
  };
  return { client: await end('baseline client'), server: await end('baseline server') };
}
