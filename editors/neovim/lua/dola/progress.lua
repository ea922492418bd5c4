---What is under way, from the server's progress.

local api = vim.api

---@class dola.Job
---@field client_id integer
---@field token string|integer
---@field title string
---@field message? string

local M = {}

local jobs = {} ---@type dola.Job[] The oldest first.

---Show one line at the bottom, where that disturbs nobody; it is not kept in |:messages|.
---@param text string
local function echo(text)
  local mode = api.nvim_get_mode().mode
  if (vim.g.dola or {}).echo == false or mode:find('^[crt]') then
    return
  end
  if vim.fn.strdisplaywidth(text) > vim.v.echospace then
    text = vim.fn.strcharpart(text, 0, vim.v.echospace - 1) .. '…'
  end
  api.nvim_echo({ { text, 'Comment' } }, false, {})
end

---Take in what an `LspProgress` event tells.
---@param client vim.lsp.Client
---@param params lsp.ProgressParams
function M.take(client, params)
  local value = params.value
  if type(value) ~= 'table' then
    return
  end
  local at = vim.iter(ipairs(jobs)):find(function(_, job)
    return job.client_id == client.id and job.token == params.token
  end)
  if value.kind == 'begin' then
    table.insert(jobs, {
      client_id = client.id,
      token = params.token,
      title = value.title,
      message = value.message,
    })
    echo(value.title .. ' …')
  elseif value.kind == 'report' and at then
    jobs[at].message = value.message or jobs[at].message
  elseif value.kind == 'end' and at then
    local job = table.remove(jobs, at)
    if not require('dola.proposals').tell_news() then
      echo(value.message and ('%s: %s'):format(job.title, value.message) or job.title)
    end
  end
  vim.cmd('redrawstatus!')
end

---What is under way; what a server that has ended was doing is not.
---@return dola.Job[]
function M.jobs()
  jobs = vim.tbl_filter(function(job)
    return vim.lsp.get_client_by_id(job.client_id) ~= nil
  end, jobs)
  return jobs
end

return M
