import * as z from 'zod';
import { text } from '../format/fields.ts';
import { ROLES } from './rules.ts';

/** A court's or firm's OpenID Connect provider. Only the configuration names one: no user can. */
export const oidcProviderSchema = z.strictObject({
  /** Part of the callback address: `<public URL>/api/auth/callback/<id>`. */
  id: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and -, 32 at most'),
  /** On the sign-in page. */
  name: text(200),
  /** Without `/.well-known/openid-configuration`. */
  issuer: z.url({ protocol: /^https?$/ }).max(500),
  clientId: z.string().min(1).max(200),
  /** File with the client's secret. */
  clientSecretFile: z.string().min(1),
  scopes: z
    .array(z.string().regex(/^[\x21-\x7e]{1,100}$/))
    .max(20)
    .default(['openid', 'email', 'profile']),
  /** The organisation whose members its users become when they first sign in, and what they are there; null: none. */
  organisation: z
    .strictObject({ name: text(200), roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length) })
    .nullable()
    .default(null),
});

export const oidcProvidersSchema = z
  .array(oidcProviderSchema)
  .max(50)
  .refine((list) => new Set(list.map(({ id }) => id)).size === list.length, 'the same id is listed twice');

export type OidcProvider = Omit<z.infer<typeof oidcProviderSchema>, 'clientSecretFile'> & { clientSecret: string };
