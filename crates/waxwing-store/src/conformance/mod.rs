//! The suite that every store must pass.
//!
//! Each test gets a store of its own, empty and just opened, and says in its name
//! what the [`Store`](crate::Store) trait promises. A store runs all of them with
//! [`conformance_suite!`](crate::conformance_suite). The list at the end of this
//! file is the only one: a test that it does not name is dead code, which the
//! compiler points out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cloned_ref_to_slice_refs,
    reason = "tests, although a library holds them: a broken promise ends the test"
)]

#[macro_use]
mod suite;

mod accounts_and_keys;
mod audit;
mod cancel;
mod claim_and_lease;
mod clock;
mod counts;
mod data_keys;
mod dropping;
mod erasure;
mod event_types;
mod exhaust;
mod health;
mod hold_and_release;
mod idempotency;
mod log;
mod publish;
mod record;
mod replay;
mod replays;
mod resealing;
mod retention;
mod retry;
mod rotation;
mod signing_keys;
mod steps;
mod upkeep;
mod webhooks;
mod world;

list! {
    $
    audit {
        an_entry_says_who_when_from_where_and_what
        a_change_of_a_credential_is_told_without_it
        every_change_of_the_configuration_has_an_entry
        changes_of_the_catalog_and_of_the_operators_keys_have_entries
        what_is_refused_leaves_no_entry
        a_webhook_that_the_service_disables_has_an_entry
        the_log_is_read_in_pages_and_by_time_and_action
        retention_leaves_the_log_alone
    }
    publish {
        an_event_goes_to_every_webhook_that_subscribes
        a_pattern_given_twice_makes_one_delivery
        accounts_do_not_receive_each_others_events
        an_event_without_subscribers_is_kept
        an_event_shows_its_deliveries
        the_feed_gets_deliveries_of_active_webhooks_in_publish_order
        a_delivery_carries_what_sending_needs
        a_test_event_goes_to_its_webhook_alone
        a_test_event_for_a_webhook_that_is_not_there_is_refused
        an_unknown_account_refuses_the_whole_batch
        a_conflict_refuses_the_whole_batch
        a_refused_batch_leaves_others_of_the_same_commit_alone
        a_batch_of_a_thousand_keeps_its_order
        publishers_at_once_all_agree_on_one_order
    }
    idempotency {
        the_same_event_again_gets_the_first_answer
        a_repeat_stays_a_repeat_after_the_delivery_ended
        the_same_id_with_other_content_conflicts
        the_same_key_again_gets_the_first_answer
        the_same_key_with_other_content_conflicts
        an_event_twice_in_a_batch_is_delivered_once
        a_batch_that_contradicts_itself_is_refused
        repeats_and_news_mix_in_a_batch
        one_of_many_publishers_at_once_is_first
    }
    claim_and_lease {
        a_node_sees_its_own_deliveries_only
        a_lane_is_read_in_pages
        nothing_is_left_of_what_was_delivered
        lanes_are_the_webhooks_with_work_of_the_node
        registering_again_gets_the_work_back
        registering_again_shuts_the_former_holder_out
        a_lease_is_renewed
        a_lease_that_ran_out_is_renewed_while_nobody_took_over
        a_node_whose_work_was_taken_over_can_join_again
        a_node_whose_name_was_registered_again_cannot_join_again
        work_is_taken_over_after_the_lease_and_not_before
        work_is_taken_over_in_bites
        what_was_taken_over_is_not_recorded_by_its_former_node
        a_node_whose_work_was_taken_over_sends_nothing_again
        a_node_that_leaves_gives_its_work_away_at_once
        a_former_holder_of_a_name_cannot_end_the_new_lease
        what_is_held_is_taken_over_too
    }
    record {
        a_success_ends_the_delivery
        before_the_first_attempt_the_log_says_so
        attempts_are_numbered_from_one
        an_error_is_kept_in_its_own_words
        a_response_is_kept_byte_for_byte
        deliveries_of_one_event_end_apart
        an_attempt_from_before_a_replay_is_logged_and_changes_nothing_else
        a_generation_is_not_used_again_after_the_end
        another_nodes_attempt_is_logged_and_changes_nothing_else
        an_attempt_recorded_twice_ends_the_delivery_once
        an_attempt_that_is_offered_again_counts_once
        many_records_at_once_are_all_kept
    }
    retry {
        a_failure_is_scheduled_again
        each_failure_moves_one_step_along_the_schedule
        retries_come_by_the_time_they_are_due
        retries_do_not_look_at_after
        fresh_events_and_retries_wait_apart
        a_retry_asked_for_replaces_the_scheduled_one
        a_retry_of_a_first_attempt_leaves_one_entry
        what_ended_is_sent_again_when_asked
        retries_asked_for_twice_leave_one_entry
        the_node_that_is_asked_owns_the_retry
        a_retry_of_what_is_not_there_is_refused
        a_retry_needs_an_active_webhook
    }
    exhaust {
        the_last_failure_fails_the_delivery
        a_schedule_of_one_attempt_fails_at_once
        gone_fails_the_delivery_and_disables_the_webhook
        a_webhook_is_disabled_once
        gone_disables_one_webhook_only
    }
    hold_and_release {
        a_paused_webhook_holds_what_waits
        events_for_a_paused_webhook_are_held
        releasing_restores_publish_order_with_a_fresh_schedule
        a_released_delivery_fails_from_the_first_step_on
        nothing_is_handed_out_before_the_release_is_done
        pausing_again_in_the_middle_loses_nothing
        releasing_what_holds_nothing_is_done_at_once
        releasing_leaves_retries_of_an_active_webhook_alone
        an_attempt_under_way_when_its_webhook_is_paused_counts
        setting_what_is_set_changes_nothing
    }
    cancel {
        a_deleted_webhook_is_gone
        a_deleted_webhook_gets_no_new_events
        readers_see_waiting_deliveries_canceled_at_once
        held_deliveries_are_canceled_too
        waiting_deliveries_are_ended_in_bites
        nothing_of_a_deleted_webhook_is_handed_out_or_taken_over_for_sending
        an_attempt_under_way_when_its_webhook_is_deleted_is_logged
        a_deleted_webhook_is_not_sent_to_again
        the_log_of_a_deleted_webhook_is_its_accounts_alone
        another_account_cannot_delete
    }
    replay {
        failed_deliveries_are_replayed_in_bites
        a_replayed_delivery_waits_again
        what_was_delivered_is_replayed_when_asked
        without_a_state_everything_is_replayed_once
        a_replay_picks_by_type
        a_replay_picks_by_time
        a_replay_picks_by_id
        ids_and_a_state_must_both_match
        a_replay_touches_one_webhook_only
        an_attempt_from_before_the_replay_does_not_end_it
        the_node_that_replays_owns_the_deliveries
        a_replay_needs_an_active_webhook_of_the_account
    }
    replays {
        a_replay_tells_how_far_it_has_come a_replay_means_what_was_published_before_it
        a_stopped_replay_takes_back_what_nobody_attempted
        a_replay_is_taken_back_in_bites a_stopped_replay_schedules_nothing_more
        an_attempt_under_way_when_its_replay_stops_ends_nothing what_is_sent_again_otherwise_is_withdrawn_from_a_replay
        a_replay_outlasts_a_pause replays_are_listed_newest_first_for_their_webhook_alone
        what_a_replay_would_send_is_counted_before a_count_looks_at_so_many_and_says_so
        old_replays_are_forgotten the_audit_log_has_who_began_and_who_stopped_a_replay
    }
    log {
        the_newest_comes_first
        a_log_is_filtered_by_every_state
        the_state_that_is_shown_is_the_one_that_was_asked_for
        a_log_is_filtered_by_type
        a_log_is_filtered_by_time
        filters_combine
        an_event_is_found_by_its_id_and_others_by_how_theirs_begin
        a_filter_that_little_matches_comes_in_short_pages
        pages_have_no_gaps_and_no_repeats
        a_long_log_has_no_gaps_and_no_repeats
        filtered_pages_have_no_gaps_and_no_repeats
        a_cursor_stays_where_it_is_while_events_come
        a_log_holds_its_own_webhooks_deliveries_only
        a_webhook_that_never_was_has_no_log
    }
    resealing {
        what_other_keys_sealed_is_read_in_pages
        every_value_is_sealed_anew_and_opens_as_before
        sealing_anew_is_no_change_of_a_webhook
        a_secret_that_is_rotated_meanwhile_is_not_overwritten
        what_does_not_open_is_left_as_it_is
        data_keys_are_deleted_once_nothing_needs_them
    }
    rotation {
        a_rotation_keeps_the_previous_secret_until_the_given_time
        a_second_rotation_drops_the_oldest
        a_rotation_without_grace_ends_the_old_secret_at_once
        a_grace_period_is_ended_early
        a_change_keeps_the_secrets
        another_accounts_secret_is_out_of_reach
    }
    signing_keys {
        a_webhook_begins_without_a_signing_key
        a_first_key_has_none_before_it
        the_key_before_signs_until_the_given_time
        a_second_rotation_drops_the_oldest_key
        the_grace_period_of_a_key_is_ended_early
        a_removed_key_leaves_nothing_behind
        without_a_key_there_is_nothing_to_end_or_remove
        another_accounts_signing_key_is_out_of_reach
        other_changes_keep_the_signing_keys
        each_change_of_a_signing_key_is_in_the_audit_log
        a_signing_key_opens_for_its_own_webhook_only
    }
    accounts_and_keys {
        an_account_is_made_and_found
        an_account_id_is_taken_once
        accounts_are_listed_oldest_first
        a_deleted_account_takes_its_webhooks_and_keys_along
        a_deleted_account_takes_nothing_more
        a_key_speaks_for_whom_it_was_made
        keys_are_listed_oldest_first
        a_key_needs_its_account
        a_hash_that_is_kept_stays_as_it_is
        a_key_is_revoked_by_its_own_account
        the_last_operator_key_that_works_stays
        of_operator_keys_revoked_at_once_one_stays
        a_portal_token_is_kept_as_one
        portal_tokens_are_removed_in_bites_after_their_end_and_other_keys_are_not
        the_last_use_of_a_key_is_kept_and_never_set_back
        uses_noted_at_once_keep_the_latest
    }
    data_keys {
        a_data_key_is_kept_under_its_number
        a_number_is_taken_once
        a_data_key_is_replaced_if_it_is_as_it_was
        the_first_start_makes_a_data_key_and_later_ones_use_it
        starts_at_once_agree_on_one_data_key
        another_root_key_is_refused_and_changes_nothing
        a_previous_root_key_opens_what_it_sealed
        a_start_with_a_new_root_key_seals_data_keys_with_it
        what_becomes_of_data_keys_is_in_the_audit_log
        a_rotation_makes_a_data_key_that_every_node_uses
        a_database_from_before_data_keys_goes_on_with_its_own_root_key
    }
    dropping {
        a_payload_goes_with_its_last_delivery
        a_payload_stays_while_a_delivery_waits_is_held_or_failed
        canceled_deliveries_are_not_waited_for
        nothing_is_dropped_unless_asked
        what_was_dropped_is_not_sent_again
        a_repeat_of_what_was_dropped_gets_the_first_answer
        what_receivers_said_of_it_can_be_erased_later
        last_deliveries_recorded_at_once_drop_it_too
    }
    erasure {
        an_erased_event_keeps_its_id_and_loses_its_payload
        what_waits_of_an_erased_event_is_canceled
        an_attempt_under_way_leaves_no_words_behind
        an_erased_event_is_not_sent_again
        a_repeat_of_an_erased_event_gets_the_first_answer
        an_erased_event_gives_its_idempotency_key_free
        what_is_not_there_is_not_erased
        asked_again_an_erasure_gives_its_first_receipt
        an_erased_account_leaves_its_receipt_alone
        others_keep_everything
        an_account_is_erased_in_bites
        an_account_that_was_deleted_before_is_erased_too
        an_attempt_under_way_brings_nothing_of_an_account_back
        the_audit_log_keeps_who_and_when_but_not_what
        bites_at_once_count_once
        retention_takes_what_an_erasure_left
    }
    event_types {
        a_type_is_added_and_replaced
        types_are_sorted_by_name
        a_type_is_removed
    }
    retention {
        what_ended_before_the_cutoff_is_deleted_with_its_log
        an_event_without_deliveries_is_deleted
        what_has_not_ended_is_kept
        what_ended_after_the_cutoff_is_kept
        an_event_is_kept_until_its_last_delivery_ended
        a_replayed_delivery_is_kept
        canceled_deliveries_are_deleted_in_their_time
        a_deleted_id_can_be_published_again
        retention_goes_in_bites
        a_page_of_a_log_goes_on_after_its_cursor_was_deleted
    }
    clock {
        first_attempts_keep_publish_order
        first_attempts_do_not_wait_for_the_clock
        an_attempt_may_end_before_it_began
        a_lease_set_back_is_shorter_and_nothing_more
        a_pause_across_a_clock_set_back_keeps_the_order
        a_replay_at_an_earlier_time_is_due_at_that_time
        an_earlier_failure_does_not_disable_a_webhook
        the_ends_of_time_are_times_too
    }
    webhooks {
        a_webhook_is_made_and_found
        a_webhook_is_seen_by_its_account_only
        a_webhook_needs_its_account
        an_account_has_so_many_webhooks_at_most
        webhooks_are_listed_newest_first
        a_list_is_filtered_by_the_word_of_the_status
        a_change_keeps_what_it_does_not_name
        credentials_are_kept_changed_and_removed_one_by_one
        a_change_of_the_subscription_counts_from_the_next_event_on
        a_change_of_the_url_reaches_what_waits
    }
    health {
        every_attempt_counts
        an_attempt_is_no_change_of_the_configuration
        a_webhook_that_only_fails_is_disabled
        a_success_in_between_keeps_it_active
        events_for_a_disabled_webhook_are_held
        activation_forgives
        another_change_leaves_a_disabled_webhook_disabled
        webhooks_fare_apart
        failures_of_many_events_in_one_commit_all_count
    }
    counts {
        events_and_attempts_count_in_their_minutes
        an_attempt_without_an_answer_counts_and_has_no_latency
        a_replay_counts_as_attempts_and_not_as_events
        an_attempt_whose_verdict_came_too_late_counts_as_an_attempt
        an_attempt_that_is_offered_again_is_counted_once
        what_is_refused_counts_nothing
        what_is_counted_at_once_by_many_is_what_the_log_says
        minutes_become_hours_and_days_and_then_go
        what_is_recorded_late_is_counted_all_the_same
        counts_are_seen_by_their_account_only_and_stay_with_the_log
        an_erased_account_is_counted_no_more
        those_that_fail_most_come_first
        nodes_are_listed_with_their_leases
    }
    upkeep {
        a_fact_keeps_its_first_value
        the_backlog_counts_by_state
        the_backlog_is_that_of_all_nodes
        a_store_that_works_says_so
        what_was_under_way_is_done_before_the_end
        a_closed_store_fails_every_call
    }
}
