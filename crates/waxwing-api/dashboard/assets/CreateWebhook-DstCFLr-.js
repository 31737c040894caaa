import{Ct as e,Ft as t,Nt as n,Rt as r,a as i,i as a,kt as o}from"./Loaded-DjPR9hA_.js";import{c as s,n as c}from"./PortalRoutes-BzJ7l3w3.js";import{r as l}from"./index-D6oxVN18.js";import{a as u,i as d}from"./Shell-COYCiiAB.js";import{t as f}from"./EventPicker-DtC2fL6V.js";import{t as p}from"./Code-DG2y30og.js";import{t as m}from"./Tabs-eposF_oF.js";var h=r(t(),1),g=[{id:`typescript`,title:`TypeScript`,library:`import express from "express";
import { MemorySeen } from "waxwing-receiver";
import { webhooks } from "waxwing-receiver/express";

// Several during a rotation, with a space between them.
const secrets = process.env.WEBHOOK_SECRETS?.split(" ") ?? [];
const app = express();

app.post(
  "/webhooks",
  webhooks({ secrets, seen: new MemorySeen() }, async (event) => {
    console.log(event.id, event.type, event.data); // write it down here, work later
  }),
);

app.listen(3000);`,byHand:`import { createHmac, timingSafeEqual } from "node:crypto";

/** Whether a request is genuine and at most five minutes old. */
export function isGenuine(
  body: Buffer,
  headers: Record<string, string | string[] | undefined>,
  secret: string,
  nowSeconds: number = Math.floor(Date.now() / 1000),
): boolean {
  const id = String(headers["webhook-id"] ?? "");
  const timestamp = String(headers["webhook-timestamp"] ?? "");
  const signatures = String(headers["webhook-signature"] ?? "").split(" ");
  if (!/^\\d+$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(\`\${id}.\${timestamp}.\`).update(body).digest();
  return signatures.some((signature) => {
    const given = Buffer.from(signature.slice("v1,".length), "base64");
    return signature.startsWith("v1,") && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** The same by X-Webhook-Signature, which says nothing about time. */
export function isGenuinePlain(body: Buffer, signature: string, secret: string): boolean {
  const expected = Buffer.from(createHmac("sha256", secret).update(body).digest("hex"));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}`},{id:`python`,title:`Python`,library:`import os

from flask import Flask

from waxwing_receiver import Event, MemorySeen
from waxwing_receiver.flask import webhooks

app = Flask(__name__)


@app.post("/webhooks")
@webhooks(os.environ["WEBHOOK_SECRETS"].split(), seen=MemorySeen())
def receive(event: Event) -> None:
    print(event.id, event.type)`,byHand:`import base64, hashlib, hmac, time

def is_genuine(body: bytes, headers, secret: str, now: float | None = None) -> bool:
    """Whether a request is genuine and at most five minutes old."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    now = time.time() if now is None else now
    if not timestamp.isdigit() or abs(now - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected.encode(), each.encode()) for each in given)

def is_genuine_plain(body: bytes, signature: str, secret: str) -> bool:
    """The same by X-Webhook-Signature, which says nothing about time."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())`},{id:`php`,title:`PHP`,library:`<?php

declare(strict_types=1);

use Waxwing\\Receiver\\Answer;
use Waxwing\\Receiver\\Event;
use Waxwing\\Receiver\\Webhook;

require __DIR__ . '/vendor/autoload.php';

$answer = Answer::to(fn (): Event => Webhook::fromGlobals(getenv('WEBHOOK_SECRET')));
$answer->send(); // 204, or why it was refused; the sender has it now

if ($answer->event !== null) {
    error_log("{$answer->event->type} {$answer->event->id}");
}`,byHand:`/** Whether a request is genuine and at most five minutes old. */
function is_genuine(string $body, array $server, string $secret, ?int $now = null): bool {
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(($now ?? time()) - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', $secret));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

/** The same by X-Webhook-Signature, which says nothing about time. */
function is_genuine_plain(string $body, string $signature, string $secret): bool {
    return hash_equals(hash_hmac('sha256', $body, $secret), $signature);
}`}],_=n(),v=[{value:`library`,label:`With the library`},{value:`byHand`,label:`Without it`}];function y(e){let[t,n]=(0,h.useState)(`library`);return(0,_.jsxs)(`div`,{className:`stack`,children:[(0,_.jsx)(s,{label:`How to verify`,value:t,onChange:n,options:v}),(0,_.jsx)(m,{label:`Language`,tabs:g.map(n=>({id:n.id,title:n.title,content:(0,_.jsxs)(`div`,{className:`stack`,children:[(0,_.jsx)(b,{code:n[t],secret:e.secret}),(0,_.jsx)(p,{label:`${n.title} code`,text:n[t]})]})}))})]})}function b(e){let t=/WEBHOOK_SECRETS?/.exec(e.code)?.[0];return t===void 0?null:(0,_.jsx)(p,{label:`Environment`,text:`export ${t}='${e.secret}'`,wrap:!0})}function x(e){return(0,_.jsxs)(_.Fragment,{children:[(0,_.jsxs)(d,{title:`Signing secret`,children:[(0,_.jsxs)(`p`,{children:[(0,_.jsx)(`strong`,{children:`Copy it now: it is not shown again.`}),` Keep it where your server keeps its other secrets. If it is lost, rotate it in the settings of the webhook.`]}),(0,_.jsx)(p,{label:`Signing secret`,text:e.secret,wrap:!0}),(0,_.jsx)(`div`,{className:`actions`,children:(0,_.jsx)(i,{look:`primary`,onPress:e.onDone,children:`I have kept it`})})]}),(0,_.jsxs)(d,{title:`Verify what comes`,children:[(0,_.jsx)(`p`,{children:`Anybody can send a request to your URL. Check the signature before anything else, over the bytes that came.`}),(0,_.jsx)(y,{secret:e.secret})]})]})}var S=[{to:`/webhooks`,label:`Webhooks`}];function C(){let[,t]=o(),n=c(),[r,s]=(0,h.useState)(`https://`),[p,m]=(0,h.useState)(``),[g,v]=(0,h.useState)([]);if(n.data?.secret){let{id:e,secret:r}=n.data;return(0,_.jsx)(u,{title:`Webhook created`,crumbs:S,children:(0,_.jsx)(x,{secret:r,onDone:()=>t(`/webhooks/${e}`)})})}let y=n.error instanceof e?n.error:void 0,b=w(y,`/events`);return(0,_.jsx)(u,{title:`Create webhook`,crumbs:S,children:(0,_.jsx)(d,{children:(0,_.jsxs)(`form`,{className:`stack form`,onSubmit:e=>{e.preventDefault(),n.mutate({url:r.trim(),events:g,description:p||void 0})},children:[(0,_.jsx)(l,{label:`URL`,hint:`Where your server takes events: a public https:// address.`,value:r,onChange:s,error:y?.field(`/url`),required:!0,autoFocus:!0,code:!0}),(0,_.jsx)(l,{label:`Description`,value:p,onChange:m,error:y?.field(`/description`),maxLength:1024}),(0,_.jsx)(f,{patterns:g,onChange:v,error:b}),(0,_.jsx)(a,{error:n.error}),(0,_.jsxs)(`div`,{className:`actions`,children:[(0,_.jsx)(i,{type:`submit`,look:`primary`,isDisabled:g.length===0,isPending:n.isPending,children:`Create webhook`}),g.length===0?(0,_.jsx)(`span`,{className:`hint`,children:`Choose at least one event.`}):null]})]})})})}function w(e,t){return e?.fields.find(e=>e.pointer.startsWith(t))?.detail}export{C as default};