<?php

/**
 * Verifies webhooks: from bytes and headers, from PHP's own globals, or from a PSR-7 request.
 */

declare(strict_types=1);

namespace Waxwing\Receiver;

use Psr\Http\Message\RequestInterface;
use Waxwing\Receiver\Internal\Body;
use Waxwing\Receiver\Internal\Envelope;
use Waxwing\Receiver\Internal\Headers;
use Waxwing\Receiver\Internal\Keys;
use Waxwing\Receiver\Internal\PlainSignature;
use Waxwing\Receiver\Internal\StandardSignature;

final class Webhook
{
    private function __construct()
    {
    }

    /**
     * Verifies a request and reads its event.
     *
     * @param string $body the bytes that came, not JSON that was parsed and printed again
     * @param iterable<array-key, mixed> $headers names in any case, each with a text or a list of texts
     * @param string|list<string>|\Closure(): (string|list<string>)|false|null $secrets one or several,
     *     each a shared secret (`whsec_…`) or a public key (`whpk_…`), or a function that gives them.
     *     False and null, which an unset variable gives, are refused with a reason
     * @return Event<mixed>
     * @throws VerificationException when the request is not genuine, or the receiver is set up wrongly
     */
    public static function verify(
        mixed $body,
        iterable $headers,
        #[\SensitiveParameter] string|array|\Closure|false|null $secrets,
        ?Options $options = null,
    ): Event {
        $options ??= new Options();
        $bytes = Body::raw($body);
        $keys = Keys::of($secrets, $options->scheme);
        $found = Headers::of($headers);
        match ($options->scheme) {
            Scheme::Standard => StandardSignature::check($bytes, $found, $keys, $options),
            Scheme::Plain => PlainSignature::check($bytes, $found, $keys),
        };
        return Envelope::read($bytes, $options->parse);
    }

    /**
     * Verifies the request that PHP is running for, by php://input and $_SERVER.
     *
     * @param string|list<string>|\Closure(): (string|list<string>)|false|null $secrets as in verify()
     * @return Event<mixed>
     * @throws VerificationException when the request is not genuine, or the receiver is set up wrongly
     */
    public static function fromGlobals(
        #[\SensitiveParameter] string|array|\Closure|false|null $secrets,
        ?Options $options = null,
    ): Event {
        $options ??= new Options();
        $body = Body::ofInput($options->maxBody);
        return self::verify($body, Headers::namesOf($_SERVER), $secrets, $options);
    }

    /**
     * Verifies a PSR-7 request, and leaves its body to be read again where that is possible.
     *
     * @param string|list<string>|\Closure(): (string|list<string>)|false|null $secrets as in verify()
     * @return Event<mixed>
     * @throws VerificationException when the request is not genuine, or the receiver is set up wrongly
     */
    public static function fromPsr7(
        RequestInterface $request,
        #[\SensitiveParameter] string|array|\Closure|false|null $secrets,
        ?Options $options = null,
    ): Event {
        $options ??= new Options();
        $body = Body::ofStream($request->getBody(), $options->maxBody);
        return self::verify($body, $request->getHeaders(), $secrets, $options);
    }
}
