// Imports the module of a policy.
import { errorText } from '@kaon/primitives';
import type { AllocatorPolicy } from '../policy/policy.ts';
import { PolicyNotLoadedError } from '../policy/policy-errors.ts';
import { policyOf } from '../policy/policy-pass.ts';

/**
 * The policy that the module at URL `module` exports by default.
 *
 * @throws {PolicyNotLoadedError} KAON_ALLOCATOR_POLICY_NOT_LOADED
 */
export async function importPolicy(module: string): Promise<AllocatorPolicy> {
  let imported: { readonly default?: unknown };
  try {
    imported = await import(module);
  } catch (error) {
    throw new PolicyNotLoadedError(module, errorText(error), { cause: error });
  }
  return policyOf(imported.default, module);
}
